package debezium

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

func of(t data.Type) *data.Schema  { return data.Of(t).MustBuild() }
func opt(t data.Type) *data.Schema { return data.Of(t).Optional().MustBuild() }

var (
	str = data.StringValue
	i64 = data.Int64Value

	// columns is a row of a table, as Debezium describes it; n has a default.
	columns = data.StructOf().Name("srv.db.t.Value").Optional().Field("id", of(data.Int32)).
		Field("n", data.Of(data.String).Optional().Default(str("dv")).MustBuild()).Field("route", opt(data.String)).MustBuild()
	source = data.StructOf().Name("src").Field("db", of(data.String)).Field("ts_ms", of(data.Int64)).Field("lsn", opt(data.Int64)).MustBuild()
	tx     = data.StructOf().Name("event.block").Optional().Field("id", of(data.String)).MustBuild()
)

func envelopeOf(row *data.Schema) *data.Schema {
	return data.StructOf().Name("srv.db.t.Envelope").Field("before", row).Field("after", row).Field("source", source).
		Field("op", of(data.String)).Field("ts_ms", opt(data.Int64)).Field("transaction", tx).MustBuild()
}

var envelope = envelopeOf(columns)

func event(s *data.Schema, op string, before, after data.Value) *connect.Record {
	src := data.StructValue(data.StructOn(source, []data.Value{str("inventory"), i64(11), i64(77)}))
	return &connect.Record{Topic: "srv.db.t", ValueSchema: s, Partition: connect.Some[int32](0), Timestamp: connect.Some[int64](5),
		Value: data.StructValue(data.StructOn(s, []data.Value{before, after, src, str(op), i64(22), {}}))}
}

func rowWith(id int32, n, route data.Value) data.Value {
	return data.StructValue(data.StructOn(columns, []data.Value{data.Int32Value(id), n, route}))
}

func headers(r *connect.Record) string {
	var out []string
	for _, h := range r.Headers {
		schema := "-"
		if h.Schema != nil {
			schema = h.Schema.Type().Name()
		}
		out = append(out, h.Key+":"+schema+":"+h.Value.String())
	}
	return strings.Join(out, " ")
}

func describe(s *data.Schema) string {
	if s == nil {
		return "-"
	}
	out := s.Type().Name()
	if s.Optional() {
		out += "?"
	}
	if s.Type() == data.StructType {
		var fields []string
		for _, f := range s.Fields() {
			fields = append(fields, f.Name+":"+describe(f.Schema))
		}
		out += " " + s.Name() + " {" + strings.Join(fields, ", ") + "}"
	}
	if s.Type() == data.ArrayType {
		out += "[" + describe(s.ValueSchema()) + "]"
	}
	return out
}

// apply runs a transformation and prints topic, schema, value and headers.
func apply(t *testing.T, class string, props connect.Props, r *connect.Record) string {
	t.Helper()
	for _, e := range Register() {
		if e.Class != pkg+class {
			continue
		}
		tr := e.NewTransformation()
		if err := tr.Configure(props); err != nil {
			return "!" + err.Error()
		}
		old, before := r.Value, r.Value.Clone()
		var out [2]connect.Record // twice, since the second time takes what the first left in caches
		for i := range out {
			out[i] = *r
			keep, err := tr.Apply(&out[i])
			if !old.Equal(before) {
				t.Errorf("%s wrote through the value", class)
			}
			switch {
			case err != nil:
				return "!" + err.Error()
			case !keep:
				return "dropped"
			}
		}
		if out[0].ValueSchema != out[1].ValueSchema || out[0].KeySchema != out[1].KeySchema {
			t.Errorf("%s made a new schema", class)
		}
		*r = out[1]
		if err := data.Validate(r.ValueSchema, r.Value); err != nil {
			t.Errorf("%s: %v", class, err)
		}
		return r.Topic
	}
	t.Fatal(class)
	return ""
}

func run(t *testing.T, class string, props connect.Props, r *connect.Record) string {
	t.Helper()
	got := apply(t, class, props, r)
	if strings.HasPrefix(got, "!") || got == "dropped" {
		return got
	}
	return r.Topic + " | " + describe(r.ValueSchema) + " | " + r.Value.String() + " | " + headers(r)
}

func TestUnwrap(t *testing.T) {
	full := rowWith(1, str("x"), str("other"))
	bare := rowWith(2, data.Null(), data.Null())
	const row = "struct srv.db.t.Value {id:int32, n:string?, route:string?} | "
	const optionalRow = "struct? srv.db.t.Value {id:int32, n:string?, route:string?} | "
	const deleted = "struct srv.db.t.Value {id:int32, n:string?, route:string?, __deleted:string?} | "
	mode := func(m string, more ...string) connect.Props {
		p := connect.Props{"delete.tombstone.handling.mode": m}
		for i := 0; i < len(more); i += 2 {
			p[more[i]] = more[i+1]
		}
		return p
	}
	dropN := []connect.Header{{Key: "drop", Value: data.ArrayValue([]data.Value{str("n"), str("id")})}}
	for _, tc := range []struct {
		name   string
		props  connect.Props
		op     string
		before data.Value
		after  data.Value
		want   string
	}{
		{"create", nil, "c", data.Null(), bare, "srv.db.t | " + row + "Struct{id=2} | "},
		{"147", nil, "d", full, data.Null(), "srv.db.t | " + optionalRow + "null | "},
		{"drop", mode("drop"), "d", full, data.Null(), "dropped"},
		{"drop create", mode("drop"), "c", data.Null(), full, "srv.db.t | " + row + "Struct{id=1,n=x,route=other} | "},
		{"148", mode("rewrite"), "c", data.Null(), bare, "srv.db.t | " + deleted + "Struct{id=2,n=dv,__deleted=false} | "},
		{"rewrite raw", mode("rewrite", "replace.null.with.default", "false"), "c", data.Null(), bare, "srv.db.t | " + deleted + "Struct{id=2,__deleted=false} | "},
		{"rewrite delete", mode("Rewrite"), "d", full, data.Null(), "srv.db.t | " + deleted + "Struct{id=1,n=x,route=other,__deleted=true} | "},
		{"delete to tombstone", mode("delete-to-tombstone"), "d", full, data.Null(), "srv.db.t | - | null | "},
		{"truncate", mode("rewrite-with-tombstone"), "t", data.Null(), data.Null(), "dropped"},
		{"149", connect.Props{"add.fields": "op,source.ts_ms,lsn,ts_ms,table:tbl,db:DB"}, "u", data.Null(), full,
			"srv.db.t | struct srv.db.t.Value {id:int32, n:string?, route:string?, __op:string?, __source_ts_ms:int64?, __lsn:int64?, __ts_ms:int64?, __DB:string?} | " +
				"Struct{id=1,n=x,route=other,__op=u,__source_ts_ms=11,__lsn=77,__ts_ms=22,__DB=inventory} | "},
		{"no transaction", connect.Props{"add.fields": "id"}, "u", data.Null(), full,
			"srv.db.t | struct srv.db.t.Value {id:int32, n:string?, route:string?, __id:string?} | Struct{id=1,n=x,route=other} | "},
		{"prefix", connect.Props{"add.fields": "op", "add.fields.prefix": "", "add.headers": "db", "add.headers.prefix": "h."}, "u", data.Null(), full,
			"srv.db.t | struct srv.db.t.Value {id:int32, n:string?, route:string?, op:string?} | Struct{id=1,n=x,route=other,op=u} | h.db:string:inventory"},
		{"struct", connect.Props{"add.headers": "op,source.lsn"}, "d", full, data.Null(), "srv.db.t | " + optionalRow + "null | __op:string:d __source_lsn:int64:77"},
		{"route", connect.Props{"route.by.field": "route"}, "c", data.Null(), full, "other | " + row + "Struct{id=1,n=x,route=other} | "},
		{"route delete", connect.Props{"route.by.field": "route"}, "d", full, data.Null(), "other | " + optionalRow + "null | "},
		{"route null", connect.Props{"route.by.field": "route"}, "c", data.Null(), bare, "srv.db.t | " + row + "Struct{id=2} | "},
		{"route missing", connect.Props{"route.by.field": "x"}, "c", data.Null(), full, "!x is not a valid field name"},
		{"route type", connect.Props{"route.by.field": "id"}, "c", data.Null(), full, "!Field 'id' is not of type STRING"},
		{"drop fields", connect.Props{"drop.fields.header.name": "drop"}, "c", data.Null(), full, "srv.db.t | struct srv.db.t.Value {id:int32, route:string?} | Struct{id=1,route=other} | drop:-:[n, id]"},
		{"drop any", connect.Props{"drop.fields.header.name": "drop", "drop.fields.keep.schema.compatible": "false"}, "c", data.Null(), full, "srv.db.t | struct srv.db.t.Value {route:string?} | Struct{route=other} | drop:-:[n, id]"},
		{"mode", mode("x"), "c", data.Null(), full, "!Invalid value x for configuration delete.tombstone.handling.mode: String must be one of (case insensitive): drop, tombstone, rewrite, rewrite-with-tombstone, delete-to-tombstone"},
		{"fields", connect.Props{"add.fields": "a:b:c"}, "c", data.Null(), full, "!Unexpected field name: a:b:c"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := event(envelope, tc.op, tc.before, tc.after)
			if strings.HasPrefix(tc.name, "drop fields") || tc.name == "drop any" {
				r.Headers = dropN
			}
			if d := cmp.Diff(tc.want, run(t, "ExtractNewRecordState", tc.props, r)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestUnwrapOthers(t *testing.T) {
	tombstone := func() *connect.Record { return &connect.Record{Topic: "t", KeySchema: of(data.String), Key: str("k")} }
	for _, mode := range []string{"drop", "tombstone", "rewrite", "delete-to-tombstone"} {
		if got := run(t, "ExtractNewRecordState", connect.Props{"delete.tombstone.handling.mode": mode}, tombstone()); got != "dropped" {
			t.Errorf("%s: %s", mode, got)
		}
	}
	got := run(t, "ExtractNewRecordState", connect.Props{"delete.tombstone.handling.mode": "rewrite-with-tombstone", "add.headers": "op,db"}, tombstone())
	if got != "t | - | null | __op:string:d" { // row 150
		t.Error(got)
	}
	r := &connect.Record{Topic: "t", ValueSchema: of(data.String), Value: str("heartbeat")}
	if got := run(t, "ExtractNewRecordState", nil, r); got != "t | string | heartbeat | " {
		t.Error(got)
	}
}

func TestLogicalTables(t *testing.T) { // row 151
	key := data.StructOf().Name("srv.db.t.Key").Field("id", of(data.Int32)).MustBuild()
	make := func(value bool) *connect.Record {
		r := event(envelope, "c", data.Null(), rowWith(1, str("x"), data.Null()))
		r.KeySchema, r.Key = key, data.StructValue(data.StructOn(key, []data.Value{data.Int32Value(1)}))
		if !value {
			r.ValueSchema, r.Value = nil, data.Null()
		}
		return r
	}
	props := connect.Props{"topic.regex": "(.*)t(.*)", "topic.replacement": "$1all$2"}
	r := make(true)
	apply(t, "ByLogicalTableRouter", props, r)
	got := strings.Join([]string{r.Topic, describe(r.KeySchema), r.Key.String(), r.ValueSchema.Name(), r.ValueSchema.Fields()[1].Schema.Name(), r.Value.Struct().At(1).String()}, " | ")
	want := "srv.db.all | struct srv.db.all.Key {id:int32, __dbz__physicalTableIdentifier:string} | Struct{id=1,__dbz__physicalTableIdentifier=srv.db.t} | srv.db.all.Envelope | srv.db.all.Value | Struct{id=1,n=x}"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !r.ValueSchema.Fields()[1].Schema.Optional() || r.ValueSchema.Optional() {
		t.Error("optional flags are lost")
	}
	r = make(false)
	apply(t, "ToLogicalTopicRouter", connect.Props{"topic.regex": "(.*)", "topic.replacement": "x", "key.field.regex": `srv\.(\w+)\..*`, "key.field.replacement": "$1"}, r)
	if r.Topic != "x" || r.Key.String() != "Struct{id=1,__dbz__sourceIdentifier=db}" || !r.Value.IsNull() {
		t.Errorf("%s %s", r.Topic, r.Key)
	}
	r = make(true)
	apply(t, "ByLogicalTableRouter", connect.Props{"topic.regex": "(.*)", "topic.replacement": "1-x", "key.enforce.uniqueness": "false", "schema.name.adjustment.mode": "avro"}, r)
	if describe(r.KeySchema) != "struct __x.Key {id:int32}" {
		t.Error(describe(r.KeySchema))
	}
	for _, tc := range []struct {
		props connect.Props
		want  string
	}{
		{connect.Props{"topic.regex": "no", "topic.replacement": "x"}, "srv.db.t"},
		{connect.Props{"topic.regex": "(", "topic.replacement": "x"}, "!Invalid value ( for configuration topic.regex: Invalid regex: Unclosed group"},
		{connect.Props{"topic.regex": "x", "topic.replacement": "x", "key.field.regex": "x"}, "!Invalid value null for configuration key.field.replacement: key.field.replacement must be non-empty"},
		{connect.Props{"topic.regex": "x"}, `!Missing required configuration "topic.replacement" which has no default value.`},
	} {
		if got := apply(t, "ByLogicalTableRouter", tc.props, make(true)); !strings.HasPrefix(got, tc.want) {
			t.Errorf("%v: %s", tc.props, got)
		}
	}
	if got := adjusted("a_é.1", "avro_unicode"); got != "a_u005f_u00e9.1" {
		t.Error(got)
	}
}
