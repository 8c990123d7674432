package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/linkedin/goavro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
)

// A registryEnv is what the checks of franz-go's client of the schema registry run on.
type registryEnv struct {
	addr  string
	lines string // a topic that a source wrote with AvroConverter
	sr    *sr.Client
}

type row struct {
	ID   int64
	Name *string
}

const rowSchema = `{"type":"record","name":"Row","namespace":"com.example","fields":[{"name":"id","type":"long"},{"name":"name","type":["null","string"],"default":null}]}`

func registryChecks(addr, url, lines string) ([]check, error) {
	cl, err := sr.NewClient(sr.URLs(url))
	if err != nil {
		return nil, err
	}
	e := registryEnv{addr, lines, cl}
	var out []check
	for name, fn := range map[string]func(context.Context, registryEnv) error{
		"avro rows with Serde": avroRows, "lines of a source": sourceLines, "references": references, "compatibility": compatibility, "deletes": deletes,
		"protobuf indexes with Serde": protobufIndexes, "modes": modes,
	} {
		out = append(out, check{name, func(env) error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			return fn(ctx, e)
		}})
	}
	return out, nil
}

func same(want, got any) error {
	if !reflect.DeepEqual(want, got) {
		return fmt.Errorf("want %v, got %v", want, got)
	}
	return nil
}

// refused expects an error of the registry.
func refused(code int, err error) error {
	if e, ok := errors.AsType[*sr.ResponseError](err); !ok || e.ErrorCode != code {
		return fmt.Errorf("want error %d, got %v", code, err)
	}
	return nil
}

func (e registryEnv) write(ctx context.Context, topic string, values [][]byte) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(e.addr), kgo.AllowAutoTopicCreation())
	if err != nil {
		return err
	}
	defer cl.Close()
	for _, v := range values {
		if err := cl.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: v}).FirstErr(); err != nil {
			return err
		}
	}
	return nil
}

func (e registryEnv) read(ctx context.Context, topic string, n int) ([][]byte, error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(e.addr), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	var out [][]byte
	for len(out) < n && ctx.Err() == nil {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(r *kgo.Record) { out = append(out, r.Value) })
	}
	return out, nil
}

// rowSerde knows rows under the id of their schema.
func rowSerde(id int) (*sr.Serde, error) {
	codec, err := goavro.NewCodec(rowSchema)
	if err != nil {
		return nil, err
	}
	var serde sr.Serde
	serde.Register(id, row{}, sr.EncodeFn(func(v any) ([]byte, error) {
		r := v.(row)
		native := map[string]any{"id": r.ID, "name": nil}
		if r.Name != nil {
			native["name"] = goavro.Union("string", *r.Name)
		}
		return codec.BinaryFromNative(nil, native)
	}), sr.DecodeFn(func(b []byte, v any) error {
		native, rest, err := codec.NativeFromBinary(b)
		if err != nil || len(rest) > 0 {
			return fmt.Errorf("%d bytes are left: %w", len(rest), err)
		}
		m := native.(map[string]any)
		*v.(*row) = row{ID: m["id"].(int64)}
		if name, ok := m["name"].(map[string]any); ok {
			v.(*row).Name = new(name["string"].(string))
		}
		return nil
	}))
	return &serde, nil
}

func avroRows(ctx context.Context, e registryEnv) error {
	stored, err := e.sr.CreateSchema(ctx, "rows-go-value", sr.Schema{Schema: rowSchema})
	if err != nil {
		return err
	}
	serde, err := rowSerde(stored.ID)
	if err != nil {
		return err
	}
	var want []row
	var values [][]byte
	for i := range 20 {
		r := row{ID: int64(i)}
		if i%3 != 0 {
			r.Name = new(fmt.Sprintf("näme %d", i))
		}
		b, err := serde.Encode(r)
		if err != nil {
			return err
		}
		want, values = append(want, r), append(values, b)
	}
	if err := e.write(ctx, "rows-go", values); err != nil {
		return err
	}
	if values, err = e.read(ctx, "rows-go", len(values)); err != nil {
		return err
	}
	var got []row
	for _, b := range values {
		var r row
		if err := serde.Decode(b, &r); err != nil {
			return err
		}
		got = append(got, r)
	}
	return same(want, got)
}

// sourceLines reads what AvroConverter wrote: its schema is "string".
func sourceLines(ctx context.Context, e registryEnv) error {
	values, err := e.read(ctx, e.lines, 50)
	if err != nil {
		return err
	}
	for i, b := range values {
		id, body, err := new(sr.Serde).DecodeID(b)
		if err != nil {
			return err
		}
		if i == 0 {
			if s, err := e.sr.SchemaByID(ctx, id); err != nil || s.Schema != `"string"` {
				return fmt.Errorf("schema %s: %w", s.Schema, err)
			}
		}
		codec, err := goavro.NewCodec(`"string"`)
		if err != nil {
			return err
		}
		native, _, err := codec.NativeFromBinary(body)
		if err != nil {
			return err
		}
		if err := same(fmt.Sprintf("line %d", i), native); err != nil {
			return err
		}
	}
	return same(50, len(values))
}

func references(ctx context.Context, e registryEnv) error {
	if _, err := e.sr.CreateSchema(ctx, "go-money", sr.Schema{Type: sr.TypeProtobuf, Schema: "syntax = \"proto3\";\npackage go;\n\nmessage Money {\n  int64 units = 1;\n}\n"}); err != nil {
		return err
	}
	order := sr.Schema{Type: sr.TypeProtobuf, Schema: "syntax = \"proto3\";\npackage go;\n\nimport \"money.proto\";\n\nmessage Order {\n  Money price = 1;\n}\n",
		References: []sr.SchemaReference{{Name: "money.proto", Subject: "go-money", Version: 1}}}
	stored, err := e.sr.CreateSchema(ctx, "go-order", order)
	if err != nil {
		return err
	}
	users, err := e.sr.SchemaReferences(ctx, "go-money", 1)
	if err != nil {
		return err
	}
	if err := same([]any{1, "go-order"}, []any{len(users), users[0].Subject}); err != nil {
		return err
	}
	found, err := e.sr.LookupSchema(ctx, "go-order", order)
	return errors.Join(err, same(stored.ID, found.ID), refused(42206, second(e.sr.DeleteSubject(ctx, "go-money", sr.SoftDelete))))
}

func second[T any](_ T, err error) error { return err }

func compatibility(ctx context.Context, e registryEnv) error {
	int32s, both := sr.Schema{Schema: `{"type":"record","name":"R","fields":[{"name":"id","type":"int"}]}`}, sr.Schema{Schema: `{"type":"record","name":"R","fields":[{"name":"id","type":"int"},{"name":"must","type":"string"}]}`}
	if _, err := e.sr.CreateSchema(ctx, "go-compat", int32s); err != nil {
		return err
	}
	if err := refused(409, second(e.sr.CreateSchema(ctx, "go-compat", both))); err != nil {
		return err
	}
	checked, err := e.sr.CheckCompatibility(sr.WithParams(ctx, sr.Verbose), "go-compat", 1, both)
	if err != nil || checked.Is || len(checked.Messages) == 0 {
		return fmt.Errorf("%+v: %w", checked, err)
	}
	if err := e.sr.SetCompatibility(ctx, sr.SetCompatibility{Level: sr.CompatForward}, "go-compat")[0].Err; err != nil {
		return err
	}
	level := e.sr.Compatibility(ctx, "go-compat")[0]
	if err := errors.Join(level.Err, same(sr.CompatForward, level.Level)); err != nil {
		return err
	}
	stored, err := e.sr.CreateSchema(ctx, "go-compat", both)
	return errors.Join(err, same(2, stored.Version), e.sr.ResetCompatibility(ctx, "go-compat")[0].Err, refused(40408, e.sr.Compatibility(ctx, "go-compat")[0].Err))
}

func deletes(ctx context.Context, e registryEnv) error {
	s := sr.Schema{Type: sr.TypeJSON, Schema: `{"type":"object","title":"Gone"}`}
	stored, err := e.sr.CreateSchema(ctx, "go-gone", s)
	if err != nil {
		return err
	}
	var there struct{ Title string }
	byID, err := e.sr.SchemaByID(ctx, stored.ID)
	if err := errors.Join(err, json.Unmarshal([]byte(byID.Schema), &there), same("Gone", there.Title)); err != nil {
		return err
	}
	if err := e.sr.DeleteSchema(ctx, "go-gone", 1, sr.SoftDelete); err != nil {
		return err
	}
	versions, err := e.sr.SubjectVersions(sr.WithParams(ctx, sr.ShowDeleted), "go-gone")
	return errors.Join(err, same([]int{1}, versions), refused(40401, second(e.sr.SubjectVersions(ctx, "go-gone"))),
		e.sr.DeleteSchema(ctx, "go-gone", 1, sr.HardDelete), refused(40403, second(e.sr.SchemaByID(ctx, stored.ID))))
}

// protobufIndexes puts the path to a nested message before the bytes.
func protobufIndexes(ctx context.Context, e registryEnv) error {
	stored, err := e.sr.CreateSchema(ctx, "go-nested", sr.Schema{Type: sr.TypeProtobuf, Schema: "syntax = \"proto3\";\n\nmessage A {}\nmessage B {\n  message C {\n    string s = 1;\n  }\n}\n"})
	if err != nil {
		return err
	}
	var serde sr.Serde
	type nested struct{ s string }
	serde.Register(stored.ID, nested{}, sr.Index(1, 0), sr.EncodeFn(func(v any) ([]byte, error) { return append([]byte{10, byte(len(v.(nested).s))}, v.(nested).s...), nil }),
		sr.DecodeFn(func(b []byte, v any) error { v.(*nested).s = string(b[2:]); return nil }))
	b, err := serde.Encode(nested{"deep"})
	if err != nil {
		return err
	}
	var got nested
	return errors.Join(serde.Decode(b, &got), same(nested{"deep"}, got))
}

func modes(ctx context.Context, e registryEnv) error {
	if err := e.sr.SetMode(ctx, sr.ModeReadOnly, "go-closed")[0].Err; err != nil {
		return err
	}
	if err := refused(42205, second(e.sr.CreateSchema(ctx, "go-closed", sr.Schema{Schema: `"int"`}))); err != nil {
		return err
	}
	types, err := e.sr.SupportedTypes(ctx)
	return errors.Join(err, same(3, len(types)), e.sr.ResetMode(ctx, "go-closed")[0].Err)
}
