package data_test

import (
	"testing"

	. "github.com/kurier-io/kurier/plugins/data"
)

func TestProjection(t *testing.T) {
	i32, i64 := Of(Int32).MustBuild(), Of(Int64).MustBuild()
	opt := func(ty Type) *Schema { return Of(ty).Optional().MustBuild() }
	old := StructOf().Name("n").Field("a", i32).Field("gone", opt(String)).Field("d", Of(Int32).Optional().Default(Int32Value(4)).MustBuild()).MustBuild()
	row := StructValue(StructOn(old, []Value{Int32Value(1), StringValue("x"), {}}))
	for _, tc := range []struct {
		name           string
		source, target *Schema
		v              Value
		want           string // the value as text, or the error
		fails          bool
	}{
		{"widens", i32, i64, Int32Value(5), "5", false},
		{"to a float", i64, Of(Float32).MustBuild(), Int64Value(1 << 40), "1.0995116E12", false},
		{"float to double", Of(Float32).MustBuild(), Of(Float64).MustBuild(), Float32Value(1.5), "1.5", false},
		{"narrows", i64, i32, Int64Value(5), "Schema type mismatch. source type: INT64 and target type: INT32", true},
		{"boolean", Of(Boolean).MustBuild(), i32, BoolValue(true), "Schema type mismatch. source type: BOOLEAN and target type: INT32", true},
		{"number to string", i32, Of(String).MustBuild(), Int32Value(1), "Schema type mismatch. source type: INT32 and target type: STRING", true},
		{"names", Of(Int32).Name("a").MustBuild(), i32, Int32Value(1), "Schema name mismatch. source name: a and target name: null", true},
		{"parameters", DecimalOf(2).MustBuild(), DecimalOf(3).MustBuild(), Value{}, "Schema parameters not equal. source parameters: {scale=2} and target parameters: {scale=3}", true},
		{"9: optional to required", opt(Int32), i32, Int32Value(5), "Writer schema is optional, however, target schema does not provide a default value.", true},
		{"optional to default", opt(Int32), Of(Int32).Default(Int32Value(7)).MustBuild(), Value{}, "7", false},
		{"required null", i32, opt(Int32), Value{}, "null", false},
		{"array", ArrayOf(i32).MustBuild(), ArrayOf(i64).MustBuild(), ArrayValue([]Value{Int32Value(1), Int32Value(2)}), "[1, 2]", false},
		{"struct", old, StructOf().Name("n").Field("new", opt(String)).Field("a", i64).Field("b", Of(Int32).Default(Int32Value(9)).MustBuild()).Field("d", opt(Int32)).MustBuild(), row, "Struct{a=1,b=9,d=4}", false},
		{"missing field", old, StructOf().Name("n").Field("z", i32).MustBuild(), row, "Required field `z` is missing from source schema: Schema{n:STRUCT}", true},
		{"nested failure", old, StructOf().Name("n").Field("a", Of(Int8).MustBuild()).MustBuild(), row, "Error projecting a: Schema type mismatch. source type: INT32 and target type: INT8", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Project(tc.source, tc.v, tc.target)
			text := got.String()
			if err != nil {
				text = err.Error()
			}
			if text != tc.want || (err != nil) != tc.fails {
				t.Errorf("%s, want %s", text, tc.want)
			}
			if err == nil && !got.IsNull() {
				if err := Validate(tc.target, got); err != nil {
					t.Errorf("the result does not fit the target: %v", err)
				}
			}
		})
	}
	m := NewMap(1)
	m.Put(Int32Value(1), Int32Value(2))
	got, err := Project(MapOf(i32, i32).MustBuild(), MapValue(m), MapOf(i64, opt(Int64)).MustBuild())
	if err != nil || got.String() != "{1=2}" || Validate(MapOf(i64, opt(Int64)).MustBuild(), got) != nil {
		t.Errorf("%v %v", got, err)
	}
}

func TestTypedGettersDoNotSeeDefaults(t *testing.T) {
	s := StructOf().Field("a", Of(Int8).Default(Int8Value(3)).MustBuild()).MustBuild()
	st := NewStruct(s)
	withDefault, _ := st.Get("a")
	raw, err := st.GetAs("a", Int8)
	if withDefault.Int() != 3 || !raw.IsNull() || err != nil { // golden row 2
		t.Errorf("%v %v %v", withDefault, raw, err)
	}
	if _, err := st.GetAs("a", Int16); err == nil || err.Error() != "Field 'a' is not of type INT16" {
		t.Error(err)
	}
	if err := st.Put("a", Value{}); err == nil || err.Error() != `Invalid value: null used for required field: "a", schema type: INT8` { // row 1
		t.Error(err)
	}
}
