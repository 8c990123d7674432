package wire

import (
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// A batchReader turns one protobuf batch into records.
type batchReader struct{ schemas []*data.Schema }

// maxNesting bounds schemas and values from another process.
const maxNesting = 128

func (r *batchReader) readSchemas(in []*pluginpb.Schema) error {
	for _, s := range in {
		out, err := schemaFromPB(s, 0)
		if err != nil {
			return err
		}
		r.schemas = append(r.schemas, out)
	}
	return nil
}

func (r *batchReader) schema(n uint32) (*data.Schema, error) {
	if n == 0 {
		return nil, nil
	}
	if int(n) > len(r.schemas) {
		return nil, malformed("schema %d of %d", n, len(r.schemas))
	}
	return r.schemas[n-1], nil
}

func (r *batchReader) record(out *connect.Record, in *pluginpb.Record) error {
	var err error
	out.Topic = in.Topic
	if out.KeySchema, err = r.schema(in.KeySchema); err != nil {
		return err
	}
	if out.ValueSchema, err = r.schema(in.ValueSchema); err != nil {
		return err
	}
	if out.Key, err = valueFromPB(out.KeySchema, in.Key, 0); err != nil {
		return err
	}
	if out.Value, err = valueFromPB(out.ValueSchema, in.Value, 0); err != nil {
		return err
	}
	if in.Partition != nil {
		out.Partition = connect.Some(*in.Partition)
	}
	if in.Timestamp != nil {
		out.Timestamp = connect.Some(*in.Timestamp)
	}
	for _, h := range in.Headers {
		s, err := r.schema(h.Schema)
		if err != nil {
			return err
		}
		v, err := valueFromPB(s, h.Value, 0)
		if err != nil {
			return err
		}
		out.Headers = append(out.Headers, connect.Header{Key: h.Key, Schema: s, Value: v})
	}
	return nil
}

func (r *batchReader) source(out *connect.SourceRecord, in *pluginpb.Record) error {
	err := r.record(&out.Record, in)
	if err == nil {
		out.SourcePartition, err = positionFromJSON(in.SourcePartition)
	}
	if err == nil {
		out.SourceOffset, err = positionFromJSON(in.SourceOffset)
	}
	return err
}

func (r *batchReader) sink(out *connect.SinkRecord, in *pluginpb.Record) error {
	out.Offset, out.TimestampType = in.Offset, connect.TimestampType(in.TimestampType)
	out.OriginalTopic, out.OriginalPartition = in.OriginalTopic, in.OriginalPartition
	return r.record(&out.Record, in)
}

func schemaFromPB(in *pluginpb.Schema, depth int) (*data.Schema, error) {
	if in == nil || depth > maxNesting {
		return nil, malformed("a schema is missing or too deep")
	}
	var b *data.Builder
	switch t := data.Type(in.Type); t {
	case data.ArrayType:
		elem, err := schemaFromPB(in.Value, depth+1)
		if err != nil {
			return nil, err
		}
		b = data.ArrayOf(elem)
	case data.MapType:
		key, err := schemaFromPB(in.Key, depth+1)
		if err != nil {
			return nil, err
		}
		val, err := schemaFromPB(in.Value, depth+1)
		if err != nil {
			return nil, err
		}
		b = data.MapOf(key, val)
	default:
		if t < data.Int8 || t > data.StructType {
			return nil, malformed("schema type %d", t)
		}
		b = data.Of(t)
	}
	if in.Optional {
		b.Optional()
	}
	if in.Name != nil {
		b.Name(*in.Name)
	}
	if in.Version != nil {
		b.Version(*in.Version)
	}
	if in.Doc != nil {
		b.Doc(*in.Doc)
	}
	for _, p := range in.Params {
		b.Param(p.Name, p.Value)
	}
	for _, f := range in.Fields {
		s, err := schemaFromPB(f.Schema, depth+1)
		if err != nil {
			return nil, err
		}
		b.Field(f.Name, s)
	}
	s, err := b.Build()
	if err != nil || in.DefaultValue == nil {
		return s, err
	}
	v, err := valueFromPB(s, in.DefaultValue, depth+1)
	if err != nil {
		return nil, err
	}
	return s.WithDefault(v)
}

// valueFromPB reads a value of s (nil: schemaless). What does not fit the schema is found when the record is encoded.
func valueFromPB(s *data.Schema, in *pluginpb.Value, depth int) (data.Value, error) {
	if depth > maxNesting {
		return data.Value{}, malformed("a value too deep")
	}
	switch k := in.GetKind().(type) {
	case *pluginpb.Value_Boolean:
		return data.BoolValue(k.Boolean), nil
	case *pluginpb.Value_Integer:
		return integerOf(s, k.Integer), nil
	case *pluginpb.Value_Float:
		if s != nil && s.Type() == data.Float32 {
			return data.Float32Value(float32(k.Float)), nil
		}
		return data.Float64Value(k.Float), nil
	case *pluginpb.Value_Text:
		return data.StringValue(k.Text), nil
	case *pluginpb.Value_Raw:
		return data.BytesValue(k.Raw), nil
	case *pluginpb.Value_Decimal:
		return data.DecimalBytesValue(k.Decimal.GetUnscaled(), k.Decimal.GetScale()), nil
	case *pluginpb.Value_Instant:
		return data.TimestampValue(k.Instant), nil
	case *pluginpb.Value_List:
		return listFromPB(s, k.List.GetValues(), depth)
	case *pluginpb.Value_Entries:
		return entriesFromPB(s, k.Entries, depth)
	}
	return data.Null(), nil
}

func integerOf(s *data.Schema, n int64) data.Value {
	if s == nil {
		return data.Int64Value(n)
	}
	switch s.Type() {
	case data.Int8:
		return data.Int8Value(int8(n))
	case data.Int16:
		return data.Int16Value(int16(n))
	case data.Int32:
		return data.Int32Value(int32(n))
	}
	return data.Int64Value(n)
}

func listFromPB(s *data.Schema, in []*pluginpb.Value, depth int) (data.Value, error) {
	out := make([]data.Value, len(in))
	isStruct := s != nil && s.Type() == data.StructType
	if isStruct && len(in) != s.NumFields() {
		return data.Value{}, malformed("%d values for the %d fields of %s", len(in), s.NumFields(), s)
	}
	for i := range in {
		var es *data.Schema
		switch {
		case isStruct:
			es = s.Fields()[i].Schema
		case s != nil:
			es = s.ValueSchema()
		}
		var err error
		if out[i], err = valueFromPB(es, in[i], depth+1); err != nil {
			return data.Value{}, err
		}
	}
	if isStruct {
		return data.StructValue(data.StructOn(s, out)), nil
	}
	return data.ArrayValue(out), nil
}

func entriesFromPB(s *data.Schema, in *pluginpb.Entries, depth int) (data.Value, error) {
	if len(in.GetKeys()) != len(in.GetValues()) {
		return data.Value{}, malformed("%d keys for %d values", len(in.GetKeys()), len(in.GetValues()))
	}
	var ks, vs *data.Schema
	if s != nil {
		ks, vs = s.KeySchema(), s.ValueSchema()
	}
	m := data.NewMap(len(in.GetKeys()))
	for i := range in.GetKeys() {
		k, err := valueFromPB(ks, in.Keys[i], depth+1)
		if err != nil {
			return data.Value{}, err
		}
		v, err := valueFromPB(vs, in.Values[i], depth+1)
		if err != nil {
			return data.Value{}, err
		}
		m.Put(k, v)
	}
	return data.MapValue(m), nil
}
