package debezium

import (
	"strings"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// valuesKept bounds how many schemas of values are kept.
const valuesKept = 10_000

// A valueKey is what the schema of a value in an envelope depends on. Debezium looks at the payload's schema only, so that the first
// routed name sticks.
type valueKey struct {
	payload, event *data.Schema
	route          string
	version        int32
	versioned      bool
}

// place puts further columns where they belong, and returns the value: the bare payload, or a struct with it and what goes beside it.
func (t *eventRouter) place(r *connect.Record, event *data.Struct, payload data.Value, payloadSchema *data.Schema) (data.Value, *data.Schema, error) {
	var out *data.Struct
	if t.enveloped {
		s, err := t.valueSchema(event, payloadSchema)
		if err != nil {
			return payload, nil, err
		}
		out = t.slab.Struct(s)
		if err := out.Put("payload", payload); err != nil {
			return payload, nil, err
		}
	}
	for _, p := range t.placements {
		f, ok := event.Schema().Field(p.column)
		if !ok {
			if strings.EqualFold(t.Missing, "ignore") {
				continue
			}
			return payload, nil, data.Errorf("%s is not a valid field name", p.column)
		}
		v := event.AtWithDefault(f.Index)
		switch p.where {
		case inEnvelope:
			if err := out.Put(p.alias, v); err != nil {
				return payload, nil, err
			}
		case inHeader:
			r.Headers = append(r.Headers, connect.Header{Key: p.alias, Schema: f.Schema, Value: v})
		default:
			if !v.IsNull() && v.Kind() != data.KindInt32 {
				return payload, nil, data.Errorf("Field '%s' is not of type INT32", p.column)
			}
			r.Partition = connect.Opt[int32]{V: int32(v.Int()), Set: !v.IsNull()}
		}
	}
	if out == nil {
		return payload, payloadSchema, nil
	}
	return data.StructValue(out), out.Schema(), nil
}

func (t *eventRouter) valueSchema(event *data.Struct, payload *data.Schema) (*data.Schema, error) {
	key := valueKey{payload: payload, event: event.Schema()}
	if t.Version != "" {
		v, err := event.GetAs(t.Version, data.Int32)
		if err != nil {
			return nil, err
		}
		key.version, key.versioned = int32(v.Int()), !v.IsNull()
	}
	var err error
	if key.route, err = textOf(event, t.RouteBy); err != nil {
		return nil, err
	}
	if s, ok := t.schemas.Get(key); ok {
		return s, nil
	}
	key.route = strings.Clone(key.route)
	b := data.StructOf().Field("payload", payload)
	if name := valueName(event.Schema().Name(), key.route); name != "" {
		b.Name(name)
	}
	if key.versioned {
		b.Version(key.version)
	}
	for _, p := range t.placements {
		if f, ok := event.Schema().Field(p.column); ok && p.where == inEnvelope {
			b.Field(p.alias, f.Schema)
		}
	}
	s, err := b.Build()
	if err == nil {
		t.schemas.Put(key, s)
	}
	return s, err
}

// valueName puts the route before the last part of the row's schema name.
func valueName(row, route string) string {
	i := strings.LastIndexByte(row, '.')
	if i < 0 {
		return route + "." + row
	}
	return row[:i] + "." + route + row[i:]
}
