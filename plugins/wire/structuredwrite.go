package wire

import (
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// A batchWriter turns records into one protobuf batch.
type batchWriter struct {
	batch   pluginpb.Batch
	schemas map[*data.Schema]uint32
}

func (w *batchWriter) schema(s *data.Schema) uint32 {
	if s == nil {
		return 0
	}
	if id, ok := w.schemas[s]; ok {
		return id
	}
	w.batch.Schemas = append(w.batch.Schemas, schemaToPB(s))
	id := uint32(len(w.batch.Schemas))
	w.schemas[s] = id
	return id
}

func (w *batchWriter) record(r *connect.Record) *pluginpb.Record {
	out := &pluginpb.Record{
		Topic: r.Topic, KeySchema: w.schema(r.KeySchema), Key: valueToPB(r.Key), ValueSchema: w.schema(r.ValueSchema), Value: valueToPB(r.Value),
	}
	if r.Partition.Set {
		out.Partition = &r.Partition.V
	}
	if r.Timestamp.Set {
		out.Timestamp = &r.Timestamp.V
	}
	for i := range r.Headers {
		h := &r.Headers[i]
		out.Headers = append(out.Headers, &pluginpb.Header{Key: h.Key, Schema: w.schema(h.Schema), Value: valueToPB(h.Value)})
	}
	w.batch.Records = append(w.batch.Records, out)
	return out
}

func (w *batchWriter) source(r *connect.Record, partition map[string]any, offset []byte) error {
	out := w.record(r)
	var err error
	if out.SourcePartition, err = positionJSON(partition); err != nil || offset == nil {
		return err
	}
	p, err := DecodePosition(offset)
	if err != nil {
		return err
	}
	out.SourceOffset, err = positionJSON(p)
	return err
}

func (w *batchWriter) sink(r *connect.SinkRecord) {
	out := w.record(&r.Record)
	out.Offset, out.TimestampType = r.Offset, int32(r.TimestampType)
	out.OriginalTopic, out.OriginalPartition = r.OriginalTopic, r.OriginalPartition
}

func schemaToPB(s *data.Schema) *pluginpb.Schema {
	if s == nil {
		return nil
	}
	out := &pluginpb.Schema{
		Type: pluginpb.Schema_Type(s.Type()), Optional: s.Optional(), Key: schemaToPB(s.KeySchema()), Value: schemaToPB(s.ValueSchema()),
	}
	if s.HasName() {
		out.Name = new(s.Name())
	}
	if v, ok := s.Version(); ok {
		out.Version = &v
	}
	if d, ok := s.Doc(); ok {
		out.Doc = &d
	}
	for _, p := range s.Params() {
		out.Params = append(out.Params, &pluginpb.Param{Name: p.Name, Value: p.Value})
	}
	if v, ok := s.Default(); ok {
		out.DefaultValue = valueToPB(v)
	}
	for _, f := range s.Fields() {
		out.Fields = append(out.Fields, &pluginpb.Field{Name: f.Name, Schema: schemaToPB(f.Schema)})
	}
	return out
}

func valueToPB(v data.Value) *pluginpb.Value {
	switch v.Kind() {
	case data.KindBool:
		return &pluginpb.Value{Kind: &pluginpb.Value_Boolean{Boolean: v.Bool()}}
	case data.KindInt8, data.KindInt16, data.KindInt32, data.KindInt64:
		return &pluginpb.Value{Kind: &pluginpb.Value_Integer{Integer: v.Int()}}
	case data.KindFloat32, data.KindFloat64:
		return &pluginpb.Value{Kind: &pluginpb.Value_Float{Float: v.Float()}}
	case data.KindString:
		return &pluginpb.Value{Kind: &pluginpb.Value_Text{Text: v.Str()}}
	case data.KindBytes:
		return &pluginpb.Value{Kind: &pluginpb.Value_Raw{Raw: v.Bytes()}}
	case data.KindDecimal:
		raw, scale := v.DecimalBytes()
		return &pluginpb.Value{Kind: &pluginpb.Value_Decimal{Decimal: &pluginpb.Decimal{Unscaled: raw, Scale: scale}}}
	case data.KindTimestamp:
		return &pluginpb.Value{Kind: &pluginpb.Value_Instant{Instant: v.Millis()}}
	case data.KindArray:
		return listToPB(v.Array())
	case data.KindStruct:
		return listToPB(v.Struct().Values())
	case data.KindMap:
		e := &pluginpb.Entries{}
		for k, x := range v.Map().All() {
			e.Keys, e.Values = append(e.Keys, valueToPB(k)), append(e.Values, valueToPB(x))
		}
		return &pluginpb.Value{Kind: &pluginpb.Value_Entries{Entries: e}}
	}
	return &pluginpb.Value{Kind: &pluginpb.Value_Null{Null: true}}
}

func listToPB(vs []data.Value) *pluginpb.Value {
	l := &pluginpb.List{}
	for _, v := range vs {
		l.Values = append(l.Values, valueToPB(v))
	}
	return &pluginpb.Value{Kind: &pluginpb.Value_List{List: l}}
}
