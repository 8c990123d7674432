package data

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func sampleSchema(t testing.TB) *Schema {
	t.Helper()
	inner := StructOf().Name("in").Field("x", Of(Int32).MustBuild()).MustBuild()
	s, err := StructOf().Name("row").Version(2).Doc("a row").Param("p", "1").
		Field("b", Of(Boolean).Optional().MustBuild()).
		Field("i8", Of(Int8).MustBuild()).
		Field("i64", Of(Int64).Optional().Default(Int64Value(7)).MustBuild()).
		Field("f", Of(Float64).MustBuild()).
		Field("s", Of(String).Optional().MustBuild()).
		Field("raw", Of(Bytes).MustBuild()).
		Field("dec", DecimalOf(2).Optional().MustBuild()).
		Field("ts", TimestampOf().MustBuild()).
		Field("list", ArrayOf(Of(String).Optional().MustBuild()).MustBuild()).
		Field("m", MapOf(Of(String).MustBuild(), Of(Int32).Optional().MustBuild()).MustBuild()).
		Field("in", inner).Build()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sampleStruct(s *Schema) *Struct {
	in, _ := s.Field("in")
	inner := NewStruct(in.Schema)
	inner.SetAt(0, Int32Value(-5))
	m := NewMap(2)
	m.Put(StringValue("k"), Int32Value(1))
	m.Put(StringValue("n"), Null())
	st := NewStruct(s)
	for i, v := range []Value{
		BoolValue(true), Int8Value(-3), Null(), Float64Value(1.5), StringValue("héllo"), BytesValue([]byte{0, 255}),
		DecimalValue(big.NewInt(-12345), 2), TimestampValue(1_700_000_000_123),
		ArrayValue([]Value{StringValue("a"), Null()}), MapValue(m), StructValue(inner),
	} {
		st.SetAt(i, v)
	}
	return st
}

func TestStructSurvivesTheBinaryForm(t *testing.T) {
	s := sampleSchema(t)
	st := sampleStruct(s)
	if err := st.Validate(); err != nil {
		t.Fatal(err)
	}
	enc, err := AppendValue(nil, s, StructValue(st))
	if err != nil {
		t.Fatal(err)
	}
	var d Decoder
	got, rest, err := d.Decode(s, append(enc, 9))
	if err != nil || len(rest) != 1 || !got.Equal(StructValue(st)) {
		t.Fatalf("got %v rest %v err %v", got, rest, err)
	}
	for cut := range enc {
		if _, _, err := d.Decode(s, enc[:cut]); err == nil {
			t.Fatalf("a value cut at %d of %d decoded", cut, len(enc))
		}
	}
}

func TestSchemaSurvivesTheBinaryForm(t *testing.T) {
	s := sampleSchema(t)
	enc, err := AppendSchema(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	got, rest, err := DecodeSchema(enc)
	if err != nil || len(rest) != 0 || !got.Equal(s) {
		t.Fatalf("got %v rest %v err %v", got, rest, err)
	}
	other := sampleSchema(t)
	if !other.Equal(s) || s.AsOptional(true).Equal(s) {
		t.Fatal("equality compares every attribute")
	}
}

func TestRowEncoderWritesWhatAStructEncodesTo(t *testing.T) {
	s := StructOf().Field("id", Of(Int64).MustBuild()).Field("n", Of(String).Optional().MustBuild()).
		Field("d", DecimalOf(1).MustBuild()).MustBuild()
	st := NewStruct(s)
	st.SetAt(0, Int64Value(42))
	st.SetAt(2, DecimalValue(big.NewInt(15), 1))
	r := NewRowEncoder(s)
	r.Begin()
	r.Uint64(42)
	r.Null()
	if err := r.Value(DecimalValue(big.NewInt(15), 1)); err != nil {
		t.Fatal(err)
	}
	var e EncodedStruct
	r.End(&e)
	if got := EncodedValue(&e); !got.Equal(StructValue(st)) {
		t.Fatalf("got %v, want %v", got, st)
	}
	a, err := AppendValue(nil, s, EncodedValue(&e))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := AppendValue(nil, s, StructValue(st))
	if string(a) != string(b) {
		t.Fatalf("% x, want % x", a, b)
	}
}

func TestDecimalBytesAreMinimalTwosComplement(t *testing.T) {
	for n, want := range map[int64]string{0: "\x00", 127: "\x7f", 128: "\x00\x80", -128: "\x80", -129: "\xff\x7f", 255: "\x00\xff", -256: "\xff\x00", -1: "\xff"} {
		if got := string(bigToBytes(big.NewInt(n))); got != want {
			t.Errorf("%d: % x, want % x", n, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := big.NewInt(rapid.Int64().Draw(t, "n"))
		if got := bytesToBig(bigToBytes(n)); got.Cmp(n) != 0 {
			t.Fatalf("%v came back as %v", n, got)
		}
		scale := rapid.Int32Range(-20, 20).Draw(t, "scale")
		u, s, ok := ParseDecimal(FormatDecimal(n, scale))
		if !ok || new(big.Rat).SetFrac(u, pow10(max(s, 0))).Cmp(new(big.Rat).Mul(new(big.Rat).SetFrac(n, pow10(max(scale, 0))), new(big.Rat).SetInt(pow10(max(-scale, 0))))) != 0 {
			t.Fatalf("%v scale %d printed %q parsed %v %v", n, scale, FormatDecimal(n, scale), u, s)
		}
	})
}

func pow10(n int32) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

func TestValidationTextsAreJavas(t *testing.T) {
	req := Of(Int32).MustBuild()
	s := StructOf().Field("f", req).Field("m", MapOf(Of(String).MustBuild(), req).MustBuild()).MustBuild()
	bad := NewMap(1)
	bad.Put(Int32Value(1), Int32Value(1))
	for _, c := range []struct {
		field string
		v     Value
		want  string
	}{
		{"f", Null(), `Invalid value: null used for required field: "f", schema type: INT32`},
		{"f", StringValue("x"), `Invalid Java object for schema with type INT32: class java.lang.String for field: "f"`},
		{"m", MapValue(bad), `Invalid Java object for schema with type STRING: class java.lang.Integer for key of map field: "m"`},
		{"zz", Null(), `zz is not a valid field name`},
	} {
		err := NewStruct(s).Put(c.field, c.v)
		if err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	err := Validate(TimestampOf().MustBuild(), Int64Value(5))
	if want := `Invalid Java object for schema "org.apache.kafka.connect.data.Timestamp" with type INT64: class java.lang.Long for value`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestFloatsPrintAsInJava(t *testing.T) {
	for f, want := range map[float64]string{1: "1.0", 0.1: "0.1", 1e7: "1.0E7", 1234567.5: "1234567.5", 0.001: "0.001", 0.0001: "1.0E-4", 1.5e300: "1.5E300"} {
		if got := FormatFloat(f, 64); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	s := sampleSchema(f)
	enc, err := AppendValue(nil, s, StructValue(sampleStruct(s)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(enc)
	f.Add([]byte{byte(KindArray), 2, byte(KindNull), byte(KindString), 1, 'x'})
	sch, _ := AppendSchema(nil, s)
	f.Add(sch)
	f.Fuzz(func(t *testing.T, b []byte) {
		var d Decoder
		if v, _, err := d.Decode(s, b); err == nil {
			if _, err := AppendValue(nil, s, v); err != nil {
				t.Fatalf("decoded but not encodable: %v", err)
			}
		}
		if v, _, err := d.Decode(nil, b); err == nil {
			if _, err := AppendValue(nil, nil, v); err != nil {
				t.Fatalf("tagged value not encodable: %v", err)
			}
		}
		if got, _, err := DecodeSchema(b); err == nil {
			if again, err := AppendSchema(nil, got); err != nil {
				t.Fatal(err)
			} else if back, _, err := DecodeSchema(again); err != nil || !back.Equal(got) {
				t.Fatalf("schema changed: %v", err)
			}
		}
	})
}

func BenchmarkDecodeRow(b *testing.B) {
	s := sampleSchema(b)
	enc, _ := AppendValue(nil, s, StructValue(sampleStruct(s)))
	b.ReportAllocs()
	var d Decoder
	for b.Loop() {
		if _, _, err := d.Decode(s, enc); err != nil {
			b.Fatal(err)
		}
	}
}
