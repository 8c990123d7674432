package thirdparty

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

func of(t data.Type) *data.Schema { return data.Of(t).MustBuild() }

var (
	inner = data.StructOf().Optional().Field("nestedKey", data.Of(data.String).Optional().MustBuild()).MustBuild()
	row   = data.StructOf().Name("row").Field("id", of(data.Int32)).Field("status", data.Of(data.String).Optional().MustBuild()).Field("key", inner).
		Field("tags", data.ArrayOf(of(data.String)).MustBuild()).MustBuild()
)

func rowOf(id int32, status data.Value) *connect.Record {
	key := data.StructValue(data.StructOn(inner, []data.Value{data.StringValue("value1")}))
	return &connect.Record{Topic: "t", ValueSchema: row, Headers: []connect.Header{{Key: "h", Value: data.StringValue("first")}, {Key: "h", Value: data.StringValue("last")}, {Key: "n"}},
		Value: data.StructValue(data.StructOn(row, []data.Value{data.Int32Value(id), status, key, data.ArrayValue([]data.Value{data.StringValue("a"), data.StringValue("b")})}))}
}

func open() *connect.Record { return rowOf(7, data.StringValue("open")) }

func apply(t *testing.T, class string, props connect.Props, r *connect.Record) string {
	t.Helper()
	for _, e := range Register() {
		if !strings.HasSuffix(e.Class, class) {
			continue
		}
		tr := e.NewTransformation()
		if err := tr.Configure(props); err != nil {
			return "!" + err.Error()
		}
		before := r.Value.Clone()
		old := r.Value
		keep, err := tr.Apply(r)
		if !old.Equal(before) {
			t.Errorf("%s wrote through the value", class)
		}
		switch {
		case err != nil:
			return "!" + err.Error()
		case !keep:
			return "dropped"
		}
		return r.Topic + " " + r.Value.String()
	}
	t.Fatal(class)
	return ""
}

func TestConditions(t *testing.T) {
	for cond, want := range map[string]string{
		`$[?(@.status == 'open')]`:             "kept",
		`$[?(@.status == "closed")]`:           "dropped",
		`$[?(@.status == 'open' && @.id > 7)]`: "dropped",
		`$[?(@.status == 'x' || @.id >= 7)]`:   "kept",
		`$[?(!(@.id < 7) && @.id != 8)]`:       "kept",
		`$[?(@.id == 7.0)]`:                    "kept",
		`$[?(@.id == '7')]`:                    "kept",
		`$[?(@.id in [1, 7])]`:                 "kept",
		`$[?(@.id nin [1,7])]`:                 "dropped",
		`$[?(@.status =~ /OP.*/i)]`:            "kept",
		`$[?(@.status =~ /op/)]`:               "dropped",
		`$[?(@.nothing)]`:                      "dropped",
		`$[?(@.nothing == 1)]`:                 "dropped",
		`$[?(!@.nothing)]`:                     "kept",
		`$.key[?(@.nestedKey == 'value1' || @.nestedKey == 'value2')]`: "kept",
		`$.key.nestedKey`:        "kept",
		`$['key']["nestedKey"]`:  "kept",
		`$.tags[?(@ == 'b')]`:    "kept",
		`$.tags[-1]`:             "kept",
		`$.tags[*]`:              "kept",
		`$.tags[2]`:              "!missing.or.null.behavior",
		`$.nothing`:              "!missing.or.null.behavior",
		`$.nothing[?(@.x == 1)]`: "!missing.or.null.behavior",
		`$..id`:                  "!descendants (..) are not supported",
		`id == 7`:                "!a path begins with $",
		`$.tags[0:2]`:            "!slices and lists of names are not supported",
		`$.tags.length()`:        "!functions are not supported",
		`$[?(@.id == )]`:         "!expected @",
		`$[?(@.id`:               "!expected )",
		`$[?(@.id =~ /(/)]`:      "!Unclosed group",
		``:                       "!String must be non-empty",
	} {
		got := apply(t, "transforms.Filter$Value", connect.Props{"filter.condition": cond, "filter.type": "include"}, open())
		if got == "t "+open().Value.String() {
			got = "kept"
		}
		if text, bad := strings.CutPrefix(want, "!"); got != want && !(bad && strings.HasPrefix(got, "!") && strings.Contains(got, text)) {
			t.Errorf("%s: %s, want %s", cond, got, want)
		}
	}
}

func TestFilterTypes(t *testing.T) {
	for _, tc := range []struct{ kind, missing, cond, want string }{
		{"exclude", "fail", "$.status", "dropped"},
		{"exclude", "fail", "$[?(@.id == 1)]", "kept"},
		{"include", "include", "$.nothing", "kept"},
		{"include", "exclude", "$.nothing", "dropped"},
		{"exclude", "include", "$.nothing", "kept"},
	} {
		got := apply(t, "transforms.Filter$Value", connect.Props{"filter.condition": tc.cond, "filter.type": tc.kind, "missing.or.null.behavior": tc.missing}, open())
		if (got == "dropped") != (tc.want == "dropped") || strings.HasPrefix(got, "!") {
			t.Errorf("%v: %s", tc, got)
		}
	}
	if got := apply(t, "transforms.Filter$Value", connect.Props{"filter.condition": "$.status", "filter.type": "include"}, rowOf(1, data.Null())); !strings.HasPrefix(got, "!") {
		t.Error(got)
	}
}

func TestExtractTopic(t *testing.T) {
	for _, tc := range []struct {
		class string
		props connect.Props
		want  string
	}{
		{"ExtractTopic$Value", connect.Props{"field": "status"}, "open"},
		{"ExtractTopic$Value", connect.Props{"field": "$.key.nestedKey", "field.format": "JSON_PATH"}, "value1"},
		{"ExtractTopic$Value", connect.Props{"field": "$['tags'][0]", "field.format": "JSON_PATH"}, "a"},
		{"ExtractTopic$Value", connect.Props{"field": "$.tags[*]", "field.format": "JSON_PATH"}, "!Invalid value $.tags[*] for configuration field: the path may lead to several values"},
		{"ExtractTopic$Value", connect.Props{"field": "id"}, "!field id of the value must be a string to be a topic's name, found: java.lang.Integer 7"},
		{"ExtractTopic$Value", connect.Props{"field": "x"}, "!field x of the value of the record is missing or null"},
		{"ExtractTopic$Value", connect.Props{"field": "x", "skip.missing.or.null": "true"}, "t "},
		{"ExtractTopic$Value", nil, "!the value must be a string"},
		{"ExtractTopic$Key", connect.Props{"skip.missing.or.null": "true"}, "t "},
		{"ExtractTopic$Header", connect.Props{"field": "h"}, "last"},
		{"ExtractTopic$Header", connect.Props{"field": "n"}, "!header n of the record is missing or null"},
		{"ExtractTopic$Header", nil, "!Invalid value  for configuration field"},
	} {
		if got := apply(t, tc.class, tc.props, open()); !strings.HasPrefix(got, tc.want) {
			t.Errorf("%s %v: %s, want %s", tc.class, tc.props, got, tc.want)
		}
	}
}

func TestTombstones(t *testing.T) {
	for behavior, want := range map[string]string{"ignore": "dropped", "WARN": "dropped", "fail": "!Tombstone record encountered", "x": "!Invalid value x for configuration behavior: String must be one of (case insensitive): warn, ignore, fail"} {
		if got := apply(t, "TombstoneHandler", connect.Props{"behavior": behavior}, &connect.Record{ValueSchema: row}); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", behavior, got)
		}
	}
	if got := apply(t, "TombstoneHandler", nil, open()); !strings.HasPrefix(got, "t Struct") {
		t.Error(got)
	}
}

func TestUUIDs(t *testing.T) {
	r := open()
	first := apply(t, "InsertUuid$Value", connect.Props{"uuid.field.name": "u"}, r)
	if !regexp.MustCompile(`,u=[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}}$`).MatchString(first) {
		t.Error(first)
	}
	if f, ok := r.ValueSchema.Field("u"); !ok || f.Schema.Optional() || r.ValueSchema.Name() != "row" {
		t.Error(r.ValueSchema)
	}
	if again := apply(t, "InsertUuid$Value", connect.Props{"uuid.field.name": "u"}, open()); again == first {
		t.Error("twice the same")
	}
	m := &connect.Record{Value: data.MapValue(data.NewMap(0))}
	if got := apply(t, "InsertUuid$Value", nil, m); !strings.HasPrefix(got, " {uuid=") {
		t.Error(got)
	}
}

func TestTimestampNow(t *testing.T) {
	const class = "TimestampNowField$Value"
	synctest.Test(t, func(t *testing.T) { // time stands still at midnight of 2000-01-01
		for _, tc := range []struct {
			props connect.Props
			want  string
		}{
			{connect.Props{"fields": "now,id"}, "t Struct{status=open,key=Struct{nestedKey=value1},tags=[a, b],now=Sat Jan 01 00:00:00 UTC 2000,id=Sat Jan 01 00:00:00 UTC 2000}"},
			{connect.Props{"fields": "now", "target.type": "Unix", "add.amount": "2", "add.chronounit": "HOURS"}, "t Struct{id=7,status=open,key=Struct{nestedKey=value1},tags=[a, b],now=946692000}"},
			{connect.Props{"fields": "now", "add.amount": "9223372036854775807"}, "!Invalid value 9223372036854775807 for configuration add.amount: so many DAYS do not fit a timestamp"},
		} {
			if got := apply(t, class, tc.props, open()); got != tc.want {
				t.Errorf("%v: %s", tc.props, got)
			}
		}
		s := data.StructOf().Field("now", data.TimestampOf().Optional().MustBuild()).Field("a", of(data.Int8)).MustBuild()
		r := &connect.Record{ValueSchema: s, Value: data.StructValue(data.StructOn(s, []data.Value{{}, data.Int8Value(1)}))}
		if got := apply(t, class, connect.Props{"fields": "now"}, r); got != " Struct{now=Sat Jan 01 00:00:00 UTC 2000,a=1}" {
			t.Error(got)
		}
	})
}

func FuzzParsePath(f *testing.F) {
	f.Add(`$[?(@.a == 'x' && !(@.b =~ /y/i))].c[0]['d'].*`)
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := parsePath(text); err == nil {
			_, _, _ = p.values(open().Value)
		}
	})
}
