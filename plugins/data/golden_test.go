package data_test

import (
	"encoding/hex"
	"math"
	"math/big"
	"testing"

	. "github.com/kurier-io/kurier/plugins/data"
)

// TestLogicalTypesToBase has rows 5 to 7 of the reference, which were executed against Java's classes.
func TestLogicalTypesToBase(t *testing.T) {
	for unscaled, want := range map[int64]string{128: "0080", -128: "80", -129: "ff7f", 0: "00"} {
		got, err := ToBase(DecimalOf(2).MustBuild(), DecimalValue(big.NewInt(unscaled), 2))
		if err != nil || hex.EncodeToString(got.Bytes()) != want {
			t.Errorf("%d: %s %v, want %s", unscaled, got, err, want)
		}
	}
	for _, tc := range []struct {
		s    *Schema
		ms   int64
		want string
	}{
		{TimeOf().MustBuild(), 86_400_000, "86400000"},
		{TimeOf().MustBuild(), 86_400_001, "!Kafka Connect Time type should not have any date fields set to non-zero values."},
		{TimeOf().MustBuild(), -1, "!Kafka Connect Time type should not have any date fields set to non-zero values."},
		{DateOf().MustBuild(), -86_400_000, "-1"},
		{DateOf().MustBuild(), 1, "!Kafka Connect Date type should not have any time fields set to non-zero values."},
		{TimestampOf().MustBuild(), -1, "-1"},
	} {
		v, err := ToBase(tc.s, TimestampValue(tc.ms))
		got := v.String()
		if err != nil {
			got = "!" + err.Error()
		}
		if got != tc.want {
			t.Errorf("%s of %d: %s, want %s", tc.s, tc.ms, got, tc.want)
		}
	}
	for _, tc := range []struct {
		b    *Builder
		want string
	}{
		{Of(Int8).Name("a").Name("b"), "Invalid SchemaBuilder call: name has already been set."},
		{Of(Int8).Version(1).Version(2), "Invalid SchemaBuilder call: version has already been set."},
		{Of(Int8).Doc("a").Doc("b"), "Invalid SchemaBuilder call: doc has already been set."},
		{Of(Int8).Default(Int8Value(1)).Default(Int8Value(2)), "Invalid SchemaBuilder call: default has already been set."},
		{Of(Int8).Default(Null()), "Invalid default value: Invalid value: null used for required value, schema type: INT8"},
		{Of(Int8).Field("a", Of(Int8).MustBuild()), "Cannot create fields on type INT8"},
		{StructOf().Field("", Of(Int8).MustBuild()), "fieldName cannot be null."},
		{StructOf().Field("a", nil), "fieldSchema for field a cannot be null."},
		{ArrayOf(nil), "valueSchema cannot be null."},
		{MapOf(nil, Of(Int8).MustBuild()), "keySchema cannot be null."},
		{Of(Bytes).Name(DecimalName), "Invalid Decimal schema: scale parameter not found."},
		{Of(Bytes).Name(DecimalName).Param("scale", "x"), "Invalid scale parameter found in Decimal schema: "},
	} {
		if _, err := tc.b.Build(); err == nil || err.Error() != tc.want {
			t.Errorf("%v, want %s", err, tc.want)
		}
	}
	if _, err := Of(Int8).Optional().Optional().Name("a").Name("a").Default(Null()).Build(); err != nil {
		t.Errorf("what is set again to the same: %v", err)
	}
}

func TestNaNIsJavas(t *testing.T) {
	v := Float64Value(math.NaN())
	if !v.Equal(Float64Value(math.Float64frombits(0x7FF8000000000000))) || math.Float32bits(float32(math.NaN())) != 0x7FC00000 {
		t.Errorf("%x", math.Float64bits(v.Float()))
	}
}

// TestAStructMayBeADefault sends schemas through the binary form whose defaults are structs, one within another.
func TestAStructMayBeADefault(t *testing.T) {
	inner := StructOf().Name("i").Field("c", Of(String).Optional().MustBuild()).MustBuild()
	withDefault, err := inner.WithDefault(StructValue(StructOn(inner, []Value{StringValue("GREEN")})))
	if err != nil {
		t.Fatal(err)
	}
	outer := StructOf().Name("o").Field("i", withDefault).MustBuild()
	def, _ := withDefault.Default()
	s, err := outer.WithDefault(StructValue(StructOn(outer, []Value{def})))
	if err != nil {
		t.Fatal(err)
	}
	b, err := AppendSchema(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	back, rest, err := DecodeSchema(b)
	if err != nil || len(rest) != 0 || !back.Equal(s) {
		t.Errorf("%v, %d bytes left, equal %v", err, len(rest), back.Equal(s))
	}
	row := NewStruct(StructOf().Field("o", s).MustBuild())
	d, _ := s.Default()
	if err := row.Put("o", d); err != nil {
		t.Error(err)
	}
	if _, err := AppendValue(nil, row.Schema(), StructValue(row)); err != nil {
		t.Error(err)
	}
}
