package conversion

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
)

const topic = "bench"

// five are the transformations of the chain, in the order of use; the first alone is the chain of one.
var five = []struct {
	class string
	props map[string]string
}{
	{"org.apache.kafka.connect.transforms.ReplaceField$Value", map[string]string{"exclude": "note,note_9", "renames": "city:town,city_9:town,name:label"}},
	{"org.apache.kafka.connect.transforms.InsertField$Value", map[string]string{"topic.field": "topic", "timestamp.field": "ts", "static.field": "src", "static.value": "x"}},
	{"org.apache.kafka.connect.transforms.TimestampConverter$Value", map[string]string{"field": "created", "target.type": "string", "format": "yyyy-MM-dd HH:mm:ss"}},
	{"org.apache.kafka.connect.transforms.ValueToKey", map[string]string{"fields": "id"}},
	{"org.apache.kafka.connect.transforms.RegexRouter", map[string]string{"regex": "(.*)", "replacement": "prefix-$1"}},
}

// chain makes the first n transformations. The wide row's columns have numbers, and the narrow row has no time: there the inserted one is
// converted.
func (m *measuring) chain(s *shape, n int) ([]connect.Transformation, error) {
	var out []connect.Transformation
	for _, f := range five[:n] {
		props := maps.Clone(f.props)
		for _, key := range []string{"field", "fields"} {
			name := props[key]
			if _, there := s.schema.Field(name); there || name == "" {
				continue
			}
			if props[key] = name + "_0"; s.name == "narrow row" {
				props[key] = "ts"
			}
		}
		if all := props["renames"]; all != "" {
			props["renames"] = strings.Join(slices.DeleteFunc(strings.Split(all, ","), func(pair string) bool {
				from, _, _ := strings.Cut(pair, ":")
				_, there := s.schema.Field(from)
				return !there
			}), ",")
		}
		e, ok := m.Registry.Find(f.class, registry.TransformationKind)
		if !ok {
			return nil, fmt.Errorf("no transformation %s", f.class)
		}
		t := e.NewTransformation()
		if err := t.Configure(props); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func (m *measuring) converter(f format) (connect.Converter, error) {
	e, ok := m.Registry.Find(f.class, registry.ConverterKind)
	if !ok {
		return nil, fmt.Errorf("no converter %s", f.class)
	}
	c := e.NewConverter()
	return c, c.Configure(f.props, false)
}

// writing is the whole road from a frame to bytes.
func (m *measuring) writing(s *shape, f format, transforms int) (job, error) {
	frame, err := s.frame(batch)
	if err != nil {
		return nil, err
	}
	conv, err := m.converter(f)
	if err != nil {
		return nil, err
	}
	chain, err := m.chain(s, transforms)
	if err != nil {
		return nil, err
	}
	var out []byte
	var r connect.Record // one for all, as in a worker's lane
	return func() error {
		var d data.Decoder
		d.Reserve(batch, s.schema)
		for rest := frame; len(rest) > 0; {
			r = connect.Record{Topic: topic, ValueSchema: s.schema, Timestamp: connect.Some(int64(1566570894346))}
			var err error
			if r.Value, rest, err = d.Decode(s.schema, rest); err != nil {
				return err
			}
			for _, t := range chain {
				if _, err := t.Apply(&r); err != nil {
					return err
				}
			}
			if out, _, err = conv.FromConnectData(out[:0], r.Topic, r.ValueSchema, r.Value); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// byHand is the floor: the same frame, and code for this row only.
func byHand(s *shape, header []byte, write func([]byte, *data.Struct) []byte) (job, error) {
	frame, err := s.frame(batch)
	if err != nil {
		return nil, err
	}
	var out []byte
	return func() error {
		var d data.Decoder
		d.Reserve(batch, s.schema)
		for rest := frame; len(rest) > 0; {
			v, next, err := d.Decode(s.schema, rest)
			if err != nil {
				return err
			}
			out, rest = write(append(out[:0], header...), v.Struct()), next
		}
		return nil
	}, nil
}

// byLibrary makes a map of each row and hands it to a library.
func byLibrary(s *shape, wrap func(f *data.Field, v any) any, encode func(dst []byte, row map[string]any) ([]byte, error)) (job, error) {
	frame, err := s.frame(batch)
	if err != nil {
		return nil, err
	}
	var out []byte
	return func() error {
		var d data.Decoder
		d.Reserve(batch, s.schema)
		for rest := frame; len(rest) > 0; {
			v, next, err := d.Decode(s.schema, rest)
			if err != nil {
				return err
			}
			if out, err = encode(out[:0], rowMap(v.Struct(), wrap)); err != nil {
				return err
			}
			rest = next
		}
		return nil
	}, nil
}

func rowMap(st *data.Struct, wrap func(f *data.Field, v any) any) map[string]any {
	fields := st.Schema().Fields()
	out := make(map[string]any, len(fields))
	for i := range fields {
		out[fields[i].Name] = wrap(&fields[i], native(st.At(i)))
	}
	return out
}

// native is a value as Go's libraries know it.
func native(v data.Value) any {
	switch v.Kind() {
	case data.KindNull:
		return nil
	case data.KindString:
		return v.Str()
	case data.KindBool:
		return v.Bool()
	case data.KindFloat64:
		return v.Float()
	case data.KindInt32:
		return int32(v.Int())
	default:
		return v.Int()
	}
}

func (m *measuring) write(ctx context.Context, s *shape, f format) error {
	plain, err := m.writing(s, f, 0)
	if err != nil {
		return err
	}
	if err := plain(); err != nil {
		return err
	}
	sticks, err := m.writingSticks(s, f)
	if err != nil {
		return err
	}
	what := s.name + ", frame to " + f.name
	least := 0.0
	if s.name == "usual row" {
		least = f.leastUsual
	}
	if len(sticks) > 0 {
		if err := m.compare(ctx, what, least, plain, sticks...); err != nil {
			return err
		}
	}
	for _, n := range []int{1, 5} {
		chained, err := m.writing(s, f, n)
		if err != nil {
			return err
		}
		aim := 0.0
		if n == 5 {
			aim = 0.5
		}
		if err := m.compare(ctx, fmt.Sprintf("%s, %d transforms", what, n), 0, chained, yardstick{"no transform", plain, aim}); err != nil {
			return err
		}
	}
	return nil
}

// writingSticks are the floor and a library.
func (m *measuring) writingSticks(s *shape, f format) ([]yardstick, error) {
	var hand, library job
	var err error
	name := "encoding/json"
	switch f.name {
	case "JSON":
		if hand, err = byHand(s, nil, s.handJSON); err != nil {
			return nil, err
		}
		library, err = byLibrary(s, func(_ *data.Field, v any) any { return v }, func(_ []byte, row map[string]any) ([]byte, error) { return json.Marshal(row) })
	case "Avro":
		name = "goavro"
		if hand, err = byHand(s, []byte{0, 0, 0, 0, 1}, s.handAvro); err != nil {
			return nil, err
		}
		var lib AvroLibrary
		if lib, err = m.avroLibrary(s, f); err != nil {
			return nil, err
		}
		library, err = byLibrary(s, inUnion, lib.Encode)
	default:
		return nil, nil
	}
	return []yardstick{{"hand-written", hand, 0.5}, {name, library, 0}}, err
}

// avroLibrary opens the library with the schema that the converter registers for a shape.
func (m *measuring) avroLibrary(s *shape, f format) (AvroLibrary, error) {
	conv, err := m.converter(f)
	if err != nil {
		return nil, err
	}
	b, _, err := conv.FromConnectData(nil, topic, s.schema, data.StructValue(data.StructOn(s.schema, s.row())))
	if err != nil {
		return nil, err
	}
	text, err := m.schemas.text(strconv.Itoa(int(binary.BigEndian.Uint32(b[1:]))))
	if err != nil {
		return nil, err
	}
	return m.Avro(text)
}

// inUnion wraps a value of an optional field as goavro wants it.
func inUnion(f *data.Field, v any) any {
	if v == nil || !f.Schema.Optional() {
		return v
	}
	branch := map[data.Type]string{data.String: "string", data.Int32: "int", data.Int64: "long", data.Float64: "double"}[f.Schema.Type()]
	return map[string]any{branch: v}
}
