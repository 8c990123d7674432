package transforms

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/converters/jsonconv"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

func dec(unscaled int8, scale int32) data.Value {
	return data.DecimalBytesValue([]byte{byte(unscaled)}, scale)
}

func TestGoldenShapes(t *testing.T) {
	dec2 := data.DecimalOf(2).MustBuild()
	inner := data.StructOf().Optional().Field("x", of(data.Int8)).
		Field("y", data.StructOf().Field("z", data.Of(data.String).Default(str("zz")).MustBuild()).MustBuild()).MustBuild()
	nested := data.StructOf().Optional().Field("A", inner).Field("B", data.ArrayOf(of(data.Int8)).MustBuild()).MustBuild()
	withMap := data.StructOf().Field("m", data.MapOf(of(data.String), of(data.Int8)).MustBuild()).MustBuild()
	ax := data.StructOf().Field("a", of(data.Int8)).Field("o", opt(data.String)).MustBuild()
	axv := data.StructValue(data.StructOn(ax, []data.Value{data.Int8Value(1), {}}))
	unset := func(s *data.Schema) data.Value { return data.StructValue(data.NewStruct(s)) }
	castSpec := "spec=i64:int8,f64:int32,s:int16,b:int8,ts:int64,by:string,dd:string,i8:float32"
	masked := "fields=i8,i64,f64,s,b,ts,dd"
	for _, tc := range []struct {
		row, class, config string
		s                  *data.Schema
		v                  data.Value
		want               string
	}{
		{"96", "Cast$Value", castSpec, s1, s1Value(),
			"struct n {i8:float32, i64:int8?, f64:int32, s:int16?, b:int8, ts:int64, by:string?, dd:string?=42} Struct{i8=8.0,i64=44,f64=-64,s=42,b=1,ts=1566570894346,by=AQID,dd=42}"},
		{"97", "Cast$Value", "spec=ts:int32", s1, s1Value(),
			strings.Replace(describe(s1), "ts:Timestamp", "ts:int32", 1) + " Struct{i8=8,i64=300,f64=-64.9,s=42,b=true,ts=-1092168694,by=010203,dd=42}"},
		{"98", "Cast$Value", "spec=by:int32", s1, s1Value(), "!Unexpected type in Cast transformation: class [B"},
		{"99a", "Cast$Value", "spec=a:int8", nil, mapOf("a", str("300")), "!Value (300) was out of range for requested data type"},
		{"99b", "Cast$Value", "spec=a:int8", nil, mapOf("a", i64(300)), "- {a=44}"},
		{"99c", "Cast$Value", "spec=a:int8", nil, mapOf("a", data.Float64Value(1e20)), "- {a=-1}"},
		{"100a", "Cast$Value", "spec=a:int64", nil, mapOf("a", data.Float64Value(nan())), "- {a=0}"},
		{"100b", "Cast$Value", "spec=a:boolean", nil, mapOf("a", data.Float64Value(0.9)), "- {a=false}"},
		{"101", "Cast$Value", "spec=nope:int32,a:int8", nil, mapOf("a", str("12"), "z", i64(1)), "- {a=12, z=1, nope=null}"},
		{"102", "Cast$Value", "spec=int32", dec2, dec(-106, 2), "Decimal -1"},
		{"103", "Cast$Value", "spec=int32", opt(data.String), data.Null(), "string? null"},
		{"10.1 none", "Cast$Value", "spec=", nil, data.Null(), "!Must specify at least one field to cast."},
		{"10.1 type", "Cast$Value", "spec=a: foo", nil, data.Null(), "!Invalid value java.lang.IllegalArgumentException: No enum constant org.apache.kafka.connect.data.Schema.Type.FOO for configuration Invalid type found in casting spec: foo"},
		{"10.1 array", "Cast$Value", "spec=array", nil, data.Null(), "!Cast transformation does not support casting to ARRAY; supported types are [INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING]"},
		{"10.1 three", "Cast$Value", "spec=a:b:c", nil, data.Null(), "!Invalid value [a:b:c] for configuration renames: Invalid rename mapping: a:b:c"},
		{"10.1 mixed", "Cast$Value", "spec=int8,a:int8", nil, data.Null(), "!Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec"},
		{"10.1 struct", "Cast$Value", "spec=int8", ax, axv, "!Cast transformation does not support casting from STRUCT; supported types are [INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING, BYTES]"},
		{"10.1 date", "Cast$Value", "spec=a:int8", nil, mapOf("a", data.TimestampValue(0)), "!Cast transformation was passed a value of type class java.util.Date which is not supported by Connect's data API"},
		{"10.1 texts", "Cast$Value", "spec=a:float64,b:float32,c:float64,d:boolean,e:float64", nil,
			mapOf("a", str(" 1.5d "), "b", str("0x1p3"), "c", str("1e999"), "d", str("TRUE"), "e", str("-Infinity")), "- {a=1.5, b=8.0, c=Infinity, d=true, e=-Infinity}"},
		{"10.1 inf", "Cast$Value", "spec=a:float64", nil, mapOf("a", str("inf")), "!Value (inf) was out of range for requested data type"},
		{"10.1 blank", "Cast$Value", "spec=a:int8", nil, mapOf("a", str(" 12")), "!Value ( 12) was out of range for requested data type"},
		{"10.1 decimal", "Cast$Value", "spec=string", dec2, dec(1, 8), "Decimal 1E-8"},
		{"113", "Flatten$Value", "", nested, data.StructValue(data.StructOn(nested, []data.Value{{}, data.ArrayValue([]data.Value{data.Int8Value(1)})})),
			"struct {A.x:int8?, A.y.z:string?=zz, B:array?} Struct{B=[1]}"},
		{"114", "Flatten$Value", "delimiter=.", nil, mapOf("a", mapOf("b", i64(1), "c", mapOf("d", data.Null())), "e", data.ArrayValue([]data.Value{mapOf("x", i64(1))}), "f", mapOf()),
			"- {a.b=1, a.c.d=null, e=[{x=1}]}"},
		{"115", "Flatten$Value", "", withMap, data.StructValue(data.StructOn(withMap, []data.Value{data.MapValue(data.NewMap(0))})),
			"!Flatten transformation does not support MAP for record with schemas (for field m)."},
		{"10.5 date", "Flatten$Value", "", nil, mapOf("a", data.TimestampValue(0)), "!Flatten transformation was passed a value of type class java.util.Date which is not supported by Connect's data API"},
		{"10.5 struct", "Flatten$Value", "", nil, mapOf("a", axv), "!Flatten transformation does not support class org.apache.kafka.connect.data.Struct for record without schemas (for field a)."},
		{"10.5 clash", "Flatten$Value", "", nil, mapOf("a.b", i64(1), "a", mapOf("b", i64(2))), "- {a.b=2}"},
		{"10.5 tombstone", "Flatten$Value", "", ax, data.Null(), describe(ax) + " null"},
		{"116a", "HoistField$Value", "field=m", nil, data.Null(), "- {m=null}"},
		{"116b", "HoistField$Value", "field=m", of(data.Int32), data.Null(), `!Invalid value: null used for required field: "m", schema type: INT32`},
		{"10.7 schema", "HoistField$Value", "field=m", of(data.Int32), i32(7), "struct {m:int32} Struct{m=7}"},
		{"120", "MaskField$Value", masked, s1, s1Value(), describe(s1) + " Struct{i8=0,i64=0,f64=0.0,s=,b=false,ts=Thu Jan 01 00:00:00 UTC 1970,by=010203,dd=0}"},
		{"121", "MaskField$Value", "fields=i8\nreplacement=300", s1, s1Value(),
			describe(s1) + " Struct{i8=44,i64=300,f64=-64.9,s=42,b=true,ts=Fri Aug 23 14:34:54 UTC 2019,by=010203,dd=42}"},
		{"10.10 bytes", "MaskField$Value", "fields=by", s1, s1Value(), "!Cannot mask value of type: class [B"},
		{"10.10 boolean", "MaskField$Value", "fields=b\nreplacement=x", s1, s1Value(), "!Cannot mask value of type class java.lang.Boolean with custom replacement."},
		{"10.10 abc", "MaskField$Value", "fields=i8\nreplacement=abc", s1, s1Value(), "!Unable to convert abc (class java.lang.String) to a number"},
		{"10.10 fraction", "MaskField$Value", "fields=a,b,c,d\nreplacement=1.9", nil, mapOf("a", data.Int8Value(1), "b", data.Float32Value(2), "c", dec(3, 0), "d", i64(5)), "- {a=1, b=1.9, c=1.9, d=1}"},
		{"10.10 containers", "MaskField$Value", "fields=a,b,z", nil, mapOf("a", data.ArrayValue([]data.Value{i64(1)}), "b", mapOf("x", i64(1))), "- {a=[], b={}, z=null}"},
		{"10.10 empty", "MaskField$Value", "fields=a\nreplacement=", nil, mapOf(), "!Invalid value  for configuration replacement: String must be non-empty"},
		{"10.10 tombstone", "MaskField$Value", "fields=a", nil, data.Null(), "!Only Map objects supported in absence of schema for [mask fields], found: null"},
		{"131", "SetSchemaMetadata$Value", "schema.name=foo\nschema.version=9", i1, unset(i1), "struct? foo {a:int8?=5} Struct{a=5}"},
		{"132", "SetSchemaMetadata$Value", "schema.name=foo", of(data.String), str("x"), "!Cannot list fields on non-struct type"},
		{"10.13 nothing", "SetSchemaMetadata$Value", "", i1, unset(i1), "!Neither schema name nor version configured"},
		{"10.13 schemaless", "SetSchemaMetadata$Value", "schema.name=x", nil, i64(1), "!Schema required for [updating schema metadata]"},
		{"10.13 nulls", "SetSchemaMetadata$Value", "schema.name=x", nil, data.Null(), "- null"},
		{"10.13 null", "SetSchemaMetadata$Value", "schema.name=x", ax, data.Null(), "struct x {a:int8, o:string?} null"},
		{"141", "TimestampRouter", "", nil, str("v"), "topic-20170103"},
		{"10.15 format", "TimestampRouter", "topic.format=foo-${timestamp}-${topic}\ntimestamp.format=yyyy'x'MM", nil, str("v"), "foo-2017x01-topic"},
		{"10.15 bad", "TimestampRouter", "timestamp.format=bad", nil, str("v"), "!Invalid value bad for configuration timestamp.format: Illegal pattern character 'b'"},
		{"10.6 size", "HeaderFrom$Value", "fields=a\nheaders=h,i\noperation=copy", nil, mapOf(), "!'fields' config must have the same number of elements as 'headers' config."},
		{"10.6 operation", "HeaderFrom$Value", "fields=a\nheaders=h\noperation=Move", nil, mapOf(), "!Invalid value Move for configuration operation: String must be one of: move, copy"},
		{"106", "HeaderFrom$Value", "fields=nope\nheaders=H1\noperation=copy", s1, s1Value(), "!Unknown field: nope (it is to become a header, and the schema has no such field)"},
		{"108", "HeaderFrom$Value", "fields=a\nheaders=H1\noperation=move", s1, data.Null(), "!Only Struct objects supported for [header move], found: null"},
		{"10.6 null", "HeaderFrom$Value", "fields=a\nheaders=H1\noperation=copy", ax, unset(ax), "!A null value requires an optional schema but was Schema{INT8}"},
		{"10.2 empty", "DropHeaders", "headers=", nil, mapOf(), "!Invalid value [] for configuration headers: Empty list"},
	} {
		t.Run(tc.row, func(t *testing.T) {
			if d := cmp.Diff(tc.want, apply(t, tc.class, tc.config, rec(tc.s, tc.v))); d != "" {
				t.Error(d)
			}
		})
	}
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}

func showHeaders(hs []connect.Header) string {
	var out []string
	for _, h := range hs {
		out = append(out, h.Key+":"+describe(h.Schema)+":"+h.Value.String())
	}
	return strings.Join(out, " ")
}

func TestHeaders(t *testing.T) {
	h := func(keys ...string) (out []connect.Header) {
		for _, k := range keys {
			out = append(out, connect.Header{Key: k})
		}
		return out
	}
	for _, tc := range []struct {
		row, class, config string
		in                 []connect.Header
		s                  *data.Schema
		v                  data.Value
		want, value        string
	}{
		{"104", "DropHeaders", "headers=h1", h("h1", "h2", "h1"), nil, data.Null(), "h2:-:null", "null"},
		{"10.2 none", "DropHeaders", "headers=x", h("h1"), nil, data.Null(), "h1:-:null", "null"},
		{"105a", "InsertHeader", "header=h\nvalue.literal=42", h("h"), nil, data.Null(), "h:-:null h:int8:42", "null"},
		{"105b", "InsertHeader", "header=h\nvalue.literal=null", nil, nil, data.Null(), "h:-:null", "null"},
		{"10.9 empty", "InsertHeader", "header=h\nvalue.literal=", nil, nil, data.Null(), "h:string:", "null"},
		{"107", "HeaderFrom$Value", "fields=nope\nheaders=H1\noperation=move", nil, nil, mapOf("a", i64(1)), "H1:-:null", "{a=1}"},
		{"10.6 move", "HeaderFrom$Value", "fields=s,dd\nheaders=x,y\noperation=move", h("x"), s1, s1Value(), "x:-:null x:string?:42 y:int32?=42:42",
			"Struct{i8=8,i64=300,f64=-64.9,b=true,ts=Fri Aug 23 14:34:54 UTC 2019,by=010203}"},
		{"10.6 copy", "HeaderFrom$Value", "fields=a\nheaders=x\noperation=copy", nil, nil, mapOf("a", i64(1)), "x:-:1", "{a=1}"},
	} {
		t.Run(tc.row, func(t *testing.T) {
			tr := find(t, tc.class).NewTransformation()
			if err := tr.Configure(props(tc.config)); err != nil {
				t.Fatal(err)
			}
			r := rec(tc.s, tc.v)
			r.Headers = tc.in[:len(tc.in):len(tc.in)]
			before := showHeaders(r.Headers)
			if keep, err := tr.Apply(r); err != nil || !keep {
				t.Fatal(keep, err)
			}
			if got := showHeaders(r.Headers); got != tc.want || r.Value.String() != tc.value {
				t.Errorf("%s and %s, want %s and %s", got, r.Value, tc.want, tc.value)
			}
			if after := showHeaders(tc.in); after != before {
				t.Errorf("wrote through the headers: %s, was %s", after, before)
			}
		})
	}
}

func TestMaskedDecimalHasTheWrongScale(t *testing.T) { // row 122
	s, v := one("d", data.DecimalOf(2).MustBuild(), dec(125, 2))
	tr := find(t, "MaskField$Value").NewTransformation()
	if err := tr.Configure(props("fields=d")); err != nil {
		t.Fatal(err)
	}
	r := rec(s, v)
	if _, err := tr.Apply(r); err != nil {
		t.Fatal(err)
	}
	c := jsonconv.Register()[0].NewConverter()
	if err := c.Configure(connect.Props{"schemas.enable": "false"}, false); err != nil {
		t.Fatal(err)
	}
	_, _, err := c.FromConnectData(nil, "topic", r.ValueSchema, r.Value)
	if err == nil || !strings.Contains(err.Error(), "Schema has scale 2, value has scale 0.") {
		t.Error(err)
	}
}

func TestARouterNeedsATimestamp(t *testing.T) { // row 142
	tr := find(t, "TimestampRouter").NewTransformation()
	if err := tr.Configure(nil); err != nil {
		t.Fatal(err)
	}
	r := rec(nil, str("v"))
	r.Timestamp = connect.Opt[int64]{}
	_, err := tr.Apply(r)
	if err == nil || !strings.HasPrefix(err.Error(), "Timestamp missing on record: ConnectRecord{topic='topic', kafkaPartition=0, ") || r.Topic != "topic" {
		t.Error(err)
	}
}

func TestSetSchemaMetadataKeepsTheDefault(t *testing.T) {
	plain := data.StructOf().Field("a", of(data.Int8)).MustBuild()
	s, err := plain.WithDefault(data.StructValue(data.StructOn(plain, []data.Value{data.Int8Value(3)})))
	if err != nil {
		t.Fatal(err)
	}
	got := apply(t, "SetSchemaMetadata$Value", "schema.version=4", rec(s, data.Null()))
	if got != "struct {a:int8}=Struct{a=3} null" {
		t.Error(got)
	}
}
