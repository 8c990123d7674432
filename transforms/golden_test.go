package transforms

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
)

var (
	str = data.StringValue
	i64 = data.Int64Value
	i32 = data.Int32Value
)

func of(t data.Type) *data.Schema  { return data.Of(t).MustBuild() }
func opt(t data.Type) *data.Schema { return data.Of(t).Optional().MustBuild() }

func mapOf(kv ...any) data.Value {
	m := data.NewMap(0)
	for i := 0; i < len(kv); i += 2 {
		m.Put(str(kv[i].(string)), kv[i+1].(data.Value))
	}
	return data.MapValue(m)
}

// s1 and i1 are the schemas S1 and I1 of the reference's golden cases.
var s1 = data.StructOf().Name("n").Version(1).Doc("doc").
	Field("i8", of(data.Int8)).Field("i64", opt(data.Int64)).Field("f64", of(data.Float64)).Field("s", opt(data.String)).
	Field("b", of(data.Boolean)).Field("ts", data.TimestampOf().MustBuild()).Field("by", opt(data.Bytes)).
	Field("dd", data.Of(data.Int32).Optional().Default(i32(42)).MustBuild()).MustBuild()

var i1 = data.StructOf().Optional().Name("n").Field("a", data.Of(data.Int8).Optional().Default(data.Int8Value(5)).MustBuild()).MustBuild()

func s1Value() data.Value {
	return data.StructValue(data.StructOn(s1, []data.Value{data.Int8Value(8), i64(300), data.Float64Value(-64.9), str("42"), data.BoolValue(true),
		data.TimestampValue(1566570894346), data.BytesValue([]byte{1, 2, 3}), {}}))
}

func rec(s *data.Schema, v data.Value) *connect.Record {
	return &connect.Record{Topic: "topic", Partition: connect.Some[int32](0), Timestamp: connect.Some[int64](1483425001864), ValueSchema: s, Value: v}
}

func one(name string, s *data.Schema, v data.Value) (*data.Schema, data.Value) {
	schema := data.StructOf().Field(name, s).MustBuild()
	return schema, data.StructValue(data.StructOn(schema, []data.Value{v}))
}

// describe prints a schema as the reference does: struct n v1 {a:int8?=5}.
func describe(s *data.Schema) string {
	if s == nil {
		return "-"
	}
	out := s.Type().Name()
	if s.Logical() != data.NotLogical {
		out = s.Name()[strings.LastIndexByte(s.Name(), '.')+1:]
	}
	if s.Optional() {
		out += "?"
	}
	if s.Type() == data.StructType {
		if s.HasName() {
			out += " " + s.Name()
		}
		var fields []string
		for _, f := range s.Fields() {
			fields = append(fields, f.Name+":"+describe(f.Schema))
		}
		out += " {" + strings.Join(fields, ", ") + "}"
	}
	if def, ok := s.Default(); ok {
		out += "=" + def.String()
	}
	return out
}

func find(t testing.TB, class string) registry.Entry {
	t.Helper()
	for _, e := range Register() {
		if e.Class == pkg+class {
			return e
		}
	}
	t.Fatalf("no %s", class)
	return registry.Entry{}
}

func props(kvs string) connect.Props {
	p := connect.Props{}
	for line := range strings.SplitSeq(kvs, "\n") {
		if k, v, ok := strings.Cut(line, "="); ok {
			p[k] = v
		}
	}
	return p
}

func apply(t testing.TB, class, config string, r *connect.Record) string {
	t.Helper()
	tr := find(t, class).NewTransformation()
	if err := tr.Configure(props(config)); err != nil {
		return "!" + err.Error()
	}
	before := *r
	value := before.Value.Clone()
	keep, err := tr.Apply(r)
	if !before.Value.Equal(value) {
		t.Errorf("%s wrote through the value it was given: %s, was %s", class, before.Value, value)
	}
	switch {
	case err != nil:
		if r.Topic != before.Topic || !r.Value.Equal(before.Value) || r.ValueSchema != before.ValueSchema || r.KeySchema != before.KeySchema {
			t.Errorf("%s changed the record and failed", class)
		}
		return "!" + err.Error()
	case !keep:
		return "dropped"
	case r.Topic != before.Topic:
		return r.Topic
	case strings.HasPrefix(class, "ValueToKey"):
		return describe(r.KeySchema) + " " + r.Key.String()
	}
	return describe(r.ValueSchema) + " " + r.Value.String()
}

func TestGolden(t *testing.T) {
	ab := data.StructOf().Field("a", of(data.Int32)).Field("b", of(data.Int32)).MustBuild()
	nested := mapOf("foo", mapOf("bar", i64(1), "a.b", i64(2)))
	t5, t5v := one("t", data.TimestampOf().Optional().Default(data.TimestampValue(5)).MustBuild(), data.Null())
	s1s := describe(s1)
	for _, tc := range []struct {
		row, class, config string
		s                  *data.Schema
		v                  data.Value
		want               string
	}{
		{"109a", "ExtractField$Value", "field=dd", s1, s1Value(), "int32?=42 42"},
		{"109b", "ExtractField$Value", "field=dd\nreplace.null.with.default=false", s1, s1Value(), "int32?=42 null"},
		{"110", "ExtractField$Value", "field=nope", s1, data.Null(), "!Unknown field: nope"},
		{"111", "ExtractField$Value", "field=foo.`a.b`\nfield.syntax.version=v2", nil, nested, "- 2"},
		{"10.3 null struct", "ExtractField$Value", "field=dd", s1, data.Null(), "int32?=42 null"},
		{"10.3 missing", "ExtractField$Value", "field=x", nil, nested, "- null"},
		{"10.3 no map", "ExtractField$Value", "field=x", nil, str("x"), "!Only Map objects supported in absence of schema for [field extraction], found: java.lang.String"},
		{"10.3 no struct", "ExtractField$Value", "field=x", of(data.String), str("x"), "!Only Struct objects supported for [field extraction], found: java.lang.String"},
		{"9.4 version", "ExtractField$Value", "field=x\nfield.syntax.version=V3", nil, nested, "!Invalid value V3 for configuration field.syntax.version: String must be one of (case insensitive): V1, V2"},
		{"9.4 backtick", "ExtractField$Value", "field=a.`b\nfield.syntax.version=V2", nil, nested, "!Incomplete backtick pair in path: [a.`b], consider adding a backslash before backtick at position 2 to escape it"},
		{"10.4", "Filter", "", nil, str("x"), "dropped"},
		{"117", "InsertField$Value", "topic.field=t!\npartition.field=p\ntimestamp.field=ts?\nstatic.field=s\nstatic.value=v", i1, data.StructValue(data.NewStruct(i1)),
			"struct n {a:int8?=5, t:string, p:int32?, ts:Timestamp?, s:string?} Struct{a=5,t=topic,p=0,ts=Tue Jan 03 06:30:01 UTC 2017,s=v}"},
		{"118", "InsertField$Value", "offset.field=o", i1, data.StructValue(data.NewStruct(i1)),
			"!Only SinkRecord supported for [field insertion], found: org.apache.kafka.connect.source.SourceRecord (a source record has no Kafka offset yet: remove offset.field)"},
		{"119", "InsertField$Value", "topic.field=a", i1, data.StructValue(data.NewStruct(i1)), "!Cannot create field because of field name duplication a"},
		{"10.8 schemaless", "InsertField$Value", "topic.field=t\ntimestamp.field=ts", nil, mapOf("t", i64(1)), "- {t=topic, ts=1483425001864}"},
		{"10.8 tombstone", "InsertField$Value", "topic.field=t", i1, data.Null(), describe(i1) + " null"},
		{"10.8 nothing", "InsertField$Value", "", i1, data.Null(), "!No field insertion configured"},
		{"10.8 no value", "InsertField$Value", "static.field=s", i1, data.Null(), "!Invalid value null for configuration static.value: No value specified for static field: s"},
		{"123a", "RegexRouter", "regex=top\nreplacement=x", nil, str("v"), "- v"},
		{"123b", "RegexRouter", "regex=.*\nreplacement=x", nil, str("v"), "x"},
		{"124", "RegexRouter", "regex=(t)(.*)\nreplacement=$10-$2", nil, str("v"), "t0-opic"},
		{"125a", "RegexRouter", "regex=(.*)\nreplacement=$2", nil, str("v"), "!No group 2"},
		{"125b", "RegexRouter", "regex=(.*)\nreplacement=${zz}", nil, str("v"), "!No group with name {zz}"},
		{"10.11 named", "RegexRouter", "regex=(?<a>to)pic\nreplacement=\\$${a}", nil, str("v"), "$to"},
		{"10.11 shorter match", "RegexRouter", "regex=to|topic\nreplacement=x", nil, str("v"), "xpic"},
		{"126", "ReplaceField$Value", "include=i8,s,dd\nrenames=s:str,i8:num", s1, s1Value(), "struct n {num:int8, str:string?, dd:int32?=42} Struct{num=8,str=42,dd=42}"},
		{"127", "ReplaceField$Value", "exclude=b\nrenames=a:x,b:x", ab, data.StructValue(data.StructOn(ab, []data.Value{i32(1), i32(2)})), "struct {x:int32} Struct{x=2}"},
		{"128", "ReplaceField$Value", "include=s\nrenames=zz:s", s1, s1Value(), "!zz is not a valid field name"},
		{"129", "ReplaceField$Value", "whitelist=a", nil, mapOf("a", i64(1), "b", i64(2)), "- {a=1, b=2}"},
		{"130", "ReplaceField$Value", "renames= a:b , c : d", nil, mapOf("a", i64(1), "c", i64(2), "c ", i64(3)), "- {b=1, c=2,  d=3}"},
		{"10.12 bad pair", "ReplaceField$Value", "renames=a", nil, mapOf(), "!Invalid value [a] for configuration renames: Invalid rename mapping: a"},
		{"10.12 replace=false", "ReplaceField$Value", "include=dd\nreplace.null.with.default=false", s1, s1Value(), "struct n {dd:int32?=42} Struct{}"},
		{"133", "TimestampConverter$Value", "field=ts\ntarget.type=unix\nunix.precision=seconds", s1, s1Value(),
			strings.Replace(s1s, "ts:Timestamp", "ts:int64", 1) + " Struct{i8=8,i64=300,f64=-64.9,s=42,b=true,ts=1566570894,by=010203,dd=42}"},
		{"134", "TimestampConverter$Value", "target.type=Timestamp\nunix.precision=microseconds", of(data.Int64), i64(-1), "Timestamp Thu Jan 01 00:00:00 UTC 1970"},
		{"135", "TimestampConverter$Value", "target.type=unix\nunix.precision=nanoseconds", data.TimestampOf().MustBuild(), data.TimestampValue(1 << 62), "int64 9223372036854775807"},
		{"136", "TimestampConverter$Value", "target.type=unix\nformat=yyyy-MM-dd HH:mm:ss.SSSSSS", of(data.String), str("2019-08-23 14:34:54.346789"), "int64 1566571240789"},
		{"137", "TimestampConverter$Value", "target.type=string\nformat=yyyy-MM-dd", data.TimestampOf().MustBuild(), data.TimestampValue(-14831769600000), "string 1499-12-23"},
		{"138", "TimestampConverter$Value", "target.type=unix\nformat=yyyy-MM-dd", opt(data.String), str("2019-8-3garbage"), "int64? 1564790400000"},
		{"139", "TimestampConverter$Value", "field=b\ntarget.type=unix", s1, s1Value(), "!Schema Schema{BOOLEAN} does not correspond to a known timestamp type format"},
		{"140", "TimestampConverter$Value", "field=t\ntarget.type=unix\nreplace.null.with.default=false", t5, t5v, "struct {t:int64?} Struct{}"},
		{"10.14 unparsable", "TimestampConverter$Value", "target.type=unix\nformat=yyyy-MM", nil, str("42"), "!Could not parse timestamp: value (42) does not match pattern (yyyy-MM)"},
		{"10.14 class", "TimestampConverter$Value", "target.type=unix", nil, i32(1), "!TimestampConverter does not support class java.lang.Integer objects as timestamps"},
		{"10.14 missing key", "TimestampConverter$Value", "target.type=unix\nfield=t", nil, mapOf(), "- {t=null}"},
		{"10.14 no format", "TimestampConverter$Value", "target.type=string", nil, mapOf(), "!TimestampConverter requires format option to be specified when using string timestamps"},
		{"10.14 bad format", "TimestampConverter$Value", "target.type=string\nformat=bad", nil, mapOf(), "!Invalid value java.lang.IllegalArgumentException: Illegal pattern character 'b' for configuration TimestampConverter requires a SimpleDateFormat-compatible pattern for string timestamps: bad"},
		{"10.14 Date", "TimestampConverter$Value", "target.type=Date", data.TimestampOf().MustBuild(), data.TimestampValue(-1), "Date Wed Dec 31 00:00:00 UTC 1969"},
		{"10.14 Time", "TimestampConverter$Value", "target.type=Time", data.TimestampOf().MustBuild(), data.TimestampValue(-1), "Time Thu Jan 01 23:59:59 UTC 1970"},
		{"10.14 null", "TimestampConverter$Value", "target.type=Time", data.TimestampOf().MustBuild(), data.Null(), "Time null"},
		{"143", "ValueToKey", "fields=i8,dd", s1, s1Value(), "struct {i8:int8, dd:int32?=42} Struct{i8=8,dd=42}"},
		{"144a", "ValueToKey", "fields=zz", s1, s1Value(), "!Field does not exist: zz"},
		{"144b", "ValueToKey", "fields=zz", nil, mapOf("a", i64(1)), "- {zz=null}"},
		{"10.16 tombstone", "ValueToKey", "fields=a", nil, data.Null(), "!Only Map objects supported in absence of schema for [copying fields from value to key], found: null"},
		{"10.16 duplicate", "ValueToKey", "fields=i8,i8", s1, s1Value(), "!Cannot create field because of field name duplication i8"},
		{"9.2 empty list", "ValueToKey", "fields=", s1, s1Value(), "!Invalid value [] for configuration fields: Empty list"},
	} {
		t.Run(tc.row, func(t *testing.T) {
			if d := cmp.Diff(tc.want, apply(t, tc.class, tc.config, rec(tc.s, tc.v))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPaths(t *testing.T) { // row 112
	for in, want := range map[string][]string{
		"`a\\`.b`.c": {"a`.b", "c"}, "`a`b`.c": {"a`b", "c"}, "a.b.": {"a", "b", ""}, ".a": {"", "a"}, "": nil, "``": nil,
	} {
		p, err := parsePath(in, true)
		if d := cmp.Diff(want, p.steps); d != "" || err != nil {
			t.Errorf("%s: %v %s", in, err, d)
		}
	}
}

func TestKeySide(t *testing.T) {
	r := rec(nil, data.Null())
	r.KeySchema, r.Key = s1, s1Value()
	tr := find(t, "ExtractField$Key").NewTransformation()
	if err := tr.Configure(props("field=s")); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Apply(r); err != nil || r.Key.Str() != "42" || !r.KeySchema.Optional() {
		t.Errorf("%s, %v", r.Key, err)
	}
}

func TestOutputSchemasKeepTheirIdentity(t *testing.T) {
	for class, config := range map[string]string{
		"InsertField$Value": "topic.field=t", "ReplaceField$Value": "exclude=s", "TimestampConverter$Value": "field=ts\ntarget.type=unix", "ExtractField$Value": "field=s",
	} {
		tr := find(t, class).NewTransformation()
		if err := tr.Configure(props(config)); err != nil {
			t.Fatal(err)
		}
		var first *data.Schema
		for range 3 {
			r := rec(s1, s1Value())
			if _, err := tr.Apply(r); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = r.ValueSchema
			}
			if r.ValueSchema != first {
				t.Errorf("%s made a new schema", class)
			}
			if st := r.Value.Struct(); st != nil && st.Schema() != r.ValueSchema {
				t.Errorf("%s: the struct's schema is another", class)
			}
		}
	}
}
