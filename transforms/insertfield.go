package transforms

import (
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type insertSettings struct {
	Topic       string `config:"topic.field" importance:"medium" doc:"Field name for Kafka topic. Suffix with <code>!</code> to make this a required field, or <code>?</code> to keep it optional (the default)."`
	Partition   string `config:"partition.field" importance:"medium" doc:"Field name for Kafka partition. Suffix with <code>!</code> to make this a required field, or <code>?</code> to keep it optional (the default)."`
	Offset      string `config:"offset.field" importance:"medium" doc:"Field name for Kafka offset - only applicable to sink connectors.<br/>Suffix with <code>!</code> to make this a required field, or <code>?</code> to keep it optional (the default)."`
	Timestamp   string `config:"timestamp.field" importance:"medium" doc:"Field name for record timestamp. Suffix with <code>!</code> to make this a required field, or <code>?</code> to keep it optional (the default)."`
	StaticField string `config:"static.field" importance:"medium" doc:"Field name for static data field. Suffix with <code>!</code> to make this a required field, or <code>?</code> to keep it optional (the default)."`
	StaticValue string `config:"static.value" importance:"medium" doc:"Static field value, if field name configured."`
	smt.NullDefault
}

type insertField struct {
	smt.Side
	insertSettings
	insertions []insertion // in Java's order
	plans      smt.Planner[smt.Projection]
	slab       smt.Slab
}

type source uint8

const (
	fromTopic source = iota
	fromPartition
	fromOffset
	fromTimestamp
	fromStatic
)

type insertion struct {
	from   source
	name   string
	schema *data.Schema
}

func (t *insertField) Configure(props connect.Props) (err error) {
	if t.insertSettings, err = config.Parse[insertSettings](props); err != nil {
		return err
	}
	t.insertions = nil
	t.add(fromTopic, t.Topic, data.Of(data.String))
	t.add(fromPartition, t.Partition, data.Of(data.Int32))
	t.add(fromOffset, t.Offset, data.Of(data.Int64))
	t.add(fromTimestamp, t.Timestamp, data.TimestampOf())
	t.add(fromStatic, t.StaticField, data.Of(data.String))
	if len(t.insertions) == 0 {
		return smt.ConfigErr("topic.field", "No field insertion configured")
	}
	if _, given := props["static.value"]; t.StaticField != "" && !given {
		return smt.ConfigErr("static.value", "Invalid value null for configuration static.value: No value specified for static field: %s", t.StaticField)
	}
	return nil
}

// add reads name, name? or name!.
func (t *insertField) add(from source, spec string, b *data.Builder) {
	if spec == "" {
		return
	}
	name, required := strings.CutSuffix(spec, "!")
	if !required {
		name = strings.TrimSuffix(spec, "?")
		b.Optional()
	}
	t.insertions = append(t.insertions, insertion{from, name, b.MustBuild()})
}

// value returns what is to be inserted; null if the record does not have it.
func (t *insertField) value(in *insertion, r *connect.Record) data.Value {
	switch in.from {
	case fromTopic:
		return data.StringValue(r.Topic)
	case fromPartition:
		if r.Partition.Set {
			return data.Int32Value(r.Partition.V)
		}
	case fromOffset:
		return data.Int64Value(r.KafkaOffset.V)
	case fromTimestamp:
		if r.Timestamp.Set {
			return data.TimestampValue(r.Timestamp.V)
		}
	default:
		return data.StringValue(t.StaticValue)
	}
	return data.Null()
}

const inserting = "field insertion"

func (t *insertField) Apply(r *connect.Record) (bool, error) {
	s, v := t.Get(r)
	if v.IsNull() {
		return true, nil
	}
	if t.Offset != "" && !r.KafkaOffset.Set {
		return true, data.Errorf("Only SinkRecord supported for [%s], found: org.apache.kafka.connect.source.SourceRecord "+
			"(a source record has no Kafka offset yet: remove offset.field)", inserting)
	}
	if s == nil {
		return true, t.intoMap(r, v)
	}
	st, err := smt.RequireStruct(v, inserting)
	if err != nil {
		return true, err
	}
	plan, err := t.plans.Of(st.Schema(), t.derive)
	if err != nil {
		return true, err
	}
	out, err := plan.ApplyTo(t.Owned(r, st), &t.slab, st)
	if err != nil {
		return true, err
	}
	vals := out.Values()
	n := len(vals) - len(t.insertions)
	for i := range t.insertions {
		vals[n+i] = t.value(&t.insertions[i], r)
	}
	t.SetStruct(r, plan.Schema, out)
	return true, nil
}

func (t *insertField) intoMap(r *connect.Record, v data.Value) error {
	m, err := smt.RequireMap(v, inserting)
	if err != nil {
		return err
	}
	out := smt.CopyMap(m, len(t.insertions))
	for i := range t.insertions {
		in := &t.insertions[i]
		v := t.value(in, r)
		if v.IsNull() {
			continue
		}
		if in.from == fromTimestamp {
			v = data.Int64Value(r.Timestamp.V)
		}
		out.Put(data.StringValue(in.name), v)
	}
	t.Set(r, nil, data.MapValue(out))
	return nil
}

func (t *insertField) derive(s *data.Schema) (smt.Projection, error) {
	b := smt.Same(s)
	for _, in := range t.insertions {
		b.Field(in.name, in.schema)
	}
	out, err := b.Build()
	if err != nil {
		return smt.Projection{}, err
	}
	return smt.NewProjection(out, s, smt.All(s, len(t.insertions)), t.Default), nil
}
