package debezium

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

var (
	outboxRow = data.StructOf().Name("srv.db.outbox.Value").Optional().Field("id", of(data.String)).Field("aggregatetype", of(data.String)).Field("aggregateid", of(data.String)).
			Field("type", of(data.String)).Field("payload", opt(data.String)).Field("ver", of(data.Int32)).
			Field("at", data.Of(data.Int64).Optional().Name("io.debezium.time.MicroTimestamp").MustBuild()).MustBuild()
	outboxEnvelope = envelopeOf(outboxRow)
)

func outboxEvent(op string, payload data.Value) *connect.Record {
	row := data.StructValue(data.StructOn(outboxRow, []data.Value{str("e1"), str("User"), str("u1"), str("created"), payload, data.Int32Value(3), i64(1_500_000)}))
	return event(outboxEnvelope, op, data.Null(), row)
}

func TestOutbox(t *testing.T) {
	const plain = "outbox.event.User | string? | "
	for _, tc := range []struct {
		name    string
		props   connect.Props
		op      string
		payload data.Value
		want    string
	}{
		{"152", nil, "c", str(`{"a":1}`), plain + `{"a":1} | id:string:e1`},
		{"153", connect.Props{"table.expand.json.payload": "true"}, "c", str(`[1,2]`), "outbox.event.User | array?[int32?] | [1, 2] | id:string:e1"}, // an array, where Debezium breaks the record
		{"154", connect.Props{"table.fields.additional.placement": "type:header:eventType,ver:partition"}, "c", str("p"), plain + "p | id:string:e1 eventType:string:created"},
		{"envelope", connect.Props{"table.fields.additional.placement": "type:envelope:kind", "table.field.event.schema.version": "ver"}, "r", str("p"),
			"outbox.event.User | struct srv.db.outbox.User.Value {payload:string?, kind:string} | Struct{payload=p,kind=created} | id:string:e1"},
		{"delete", nil, "d", str("p"), "dropped"},
		{"update", nil, "u", str("p"), "dropped"},
		{"fatal", connect.Props{"table.op.invalid.behavior": "fatal"}, "u", str("p"), "!Unexpected update message received null, fail."},
		{"null payload", nil, "c", data.Null(), plain + "null | id:string:e1"},
		{"tombstone", connect.Props{"route.tombstone.on.empty.payload": "true"}, "c", str("  "), "outbox.event.User | - | null | id:string:e1"},
		{"route", connect.Props{"route.by.field": "type", "route.topic.regex": "(.*)ed", "route.topic.replacement": "$1e-events"}, "c", str("p"), "create-events | string? | p | id:string:e1"},
		{"no payload", connect.Props{"table.field.event.payload": "x"}, "c", str("p"), "!Unable to find payload field x in event"},
		{"no id", connect.Props{"table.field.event.id": "x"}, "c", str("p"), "!x is not a valid field name"},
		{"no key", connect.Props{"table.field.event.key": "x"}, "c", str("p"), "!x is not a valid field name"},
		{"no timestamp", connect.Props{"table.field.event.timestamp": "x"}, "c", str("p"), "!Unable to find timestamp field x in event"},
		{"bad timestamp", connect.Props{"table.field.event.timestamp": "ver"}, "c", str("p"), "!Unsupported field type INT32 (without logical schema name) for event timestamp"},
		{"no column", connect.Props{"table.fields.additional.placement": "x:header"}, "c", str("p"), "!x is not a valid field name"},
		{"ignored column", connect.Props{"table.fields.additional.placement": "x:header", "table.field.additional.missing": "ignore"}, "c", str("p"), plain + "p | id:string:e1"},
		{"bad placement", connect.Props{"table.fields.additional.placement": "x"}, "c", str("p"), "!Invalid value [x] for configuration table.fields.additional.placement: A comma-separated list of valid String pairs or trios is expected but got: x"},
		{"bad place", connect.Props{"table.fields.additional.placement": "x:y"}, "c", str("p"), "!Invalid value [x:y] for configuration table.fields.additional.placement: y is not a placement: use header, envelope or partition"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := outboxEvent(tc.op, tc.payload)
			got := run(t, "outbox.EventRouter", tc.props, r)
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
			if strings.HasPrefix(got, "outbox") && (describe(r.KeySchema) != "string" || r.Key.Str() != "u1" || r.Timestamp != connect.Some[int64](22)) {
				t.Errorf("key %s %s at %v", describe(r.KeySchema), r.Key, r.Timestamp)
			}
			if tc.name == "154" && r.Partition != connect.Some[int32](3) {
				t.Errorf("partition %v", r.Partition)
			}
			if tc.name == "152" && r.Partition.Set {
				t.Errorf("partition %v", r.Partition)
			}
			if tc.name == "envelope" {
				if v, ok := r.ValueSchema.Version(); !ok || v != 3 {
					t.Errorf("version %d", v)
				}
			}
		})
	}
	r := outboxEvent("c", str("p"))
	run(t, "outbox.EventRouter", connect.Props{"table.field.event.timestamp": "at"}, r)
	if r.Timestamp != connect.Some[int64](1500) {
		t.Error(r.Timestamp)
	}
}

func TestExpansion(t *testing.T) {
	for _, tc := range []struct {
		json, schema, value string
		nulls, empties      bool
	}{
		{`{"a":1,"b":{"c":"x","d":[true]},"e":12345678901,"f":1.5,"n":null,"z":[]}`,
			"struct? payload {a:int32?, b:struct? payload.b {c:string?, d:array?[boolean?]}, e:int64?, f:float64?}", "Struct{a=1,b=Struct{c=x,d=[true]},e=12345678901,f=1.5}", false, false},
		{`{"n":null,"z":[]}`, "struct? payload {n:bytes?, z:array?[string?]}", "Struct{z=[]}", true, true},
		{`{"l":[{"a":1},{"b":"x"},null]}`, "struct? payload {l:array?[struct payload.l {a:int32?, b:string?}]}", "!", false, false},
		{`{"l":[{"a":1},{"b":"x"}]}`, "struct? payload {l:array?[struct payload.l {a:int32?, b:string?}]}", "Struct{l=[Struct{a=1}, Struct{b=x}]}", false, false},
		{`{"l":[{"a":1},{"a":2}]}`, "struct? payload {l:array?[struct? payload.l {a:int32?}]}", "Struct{l=[Struct{a=1}, Struct{a=2}]}", false, false},
		{`{"l":[1,"x"]}`, "", "!", false, false},
		{`{"l":[1,12345678901]}`, "", "!", false, false},
		{`{"l":[{"a":1},{"a":12345678901}]}`, "", "!", false, false},
		{`{"l":[null]}`, "", "!", false, false},
		{`{"a":123456789012345678901}`, "", "!", false, false},
		{`"text"`, "", "!", false, false},
		{`{"a":`, "", "!", false, false},
		{`[]`, "", "!", false, false},
		{`{} trailing`, "struct? payload {}", "Struct{}", false, false},
		{`{"a":1,"a":"x"}`, "struct? payload {a:string?}", "Struct{a=x}", false, false},
	} {
		x := newExpander(tc.nulls, tc.empties)
		s, v, ok := x.expand("payload", tc.json)
		got := "!"
		if ok {
			got = v.String()
		}
		if got != tc.value || ok && describe(s) != tc.schema {
			t.Errorf("%s: %s %s, want %s %s", tc.json, describe(s), got, tc.schema, tc.value)
		}
		if again, _, _ := x.expand("payload", tc.json); ok && again != s {
			t.Errorf("%s: the schema is another pointer", tc.json)
		}
	}
}

func FuzzExpand(f *testing.F) {
	f.Add(`{"a":[{"b":null},{"b":1e3}],"c":[[1]]}`)
	f.Fuzz(func(t *testing.T, text string) {
		x := newExpander(true, false)
		if s, v, ok := x.expand("payload", text); ok {
			if err := data.Validate(s, v); err != nil {
				t.Error(err)
			}
		}
	})
}
