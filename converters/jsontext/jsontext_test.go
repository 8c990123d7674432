package jsontext

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"
	"unicode/utf8"

	"github.com/kurier-io/kurier/plugins/data"
)

// FuzzString writes a string and reads it back, with this package and with encoding/json.
func FuzzString(f *testing.F) {
	for _, s := range []string{"", "plain", "a\"\\/\b\f\n\r\t\x00\x1f\x7f", "é€😀", "\xed\xa0\x80", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		b := AppendString(nil, in)
		var s Scanner
		s.Reset(b)
		raw, escaped, err := s.Str()
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if escaped {
			raw = Unescape(raw)
		}
		if !utf8.ValidString(in) {
			return
		}
		var theirs string
		if err := json.Unmarshal(b, &theirs); err != nil || theirs != in || string(raw) != in {
			t.Fatalf("%q is written as %s and read as %q and %q: %v", in, b, raw, theirs, err)
		}
	})
}

// FuzzSkip compares the syntax with encoding/json's; leading zeros and what follows the value are Jackson's liberties.
func FuzzSkip(f *testing.F) {
	for _, s := range []string{"", "{}", `{"a":[1,-2.5e3,"x\u00e9",true,false,null]}`, "[,]", "01", "1 2", `"\x"`, "nul", `{"a"}`, "[1", "-", "1.", "\"\x01\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var s Scanner
		s.Reset(in)
		s.Next()
		at := s.Pos()
		err := s.Skip()
		if json.Valid(in) && utf8.Valid(in) && len(in) <= maxNumber && err != nil { // longer numbers are refused
			t.Fatalf("%q: %v", in, err)
		}
		if err == nil {
			var v any
			if text := s.Since(at); !json.Valid(text) && json.Unmarshal(text, &v).Error() == "unexpected end of JSON input" {
				t.Fatalf("%q: %q is taken for a value", in, text)
			}
		}
	})
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]struct {
		n     int64
		exact bool
	}{
		"0": {0, true}, "-0": {0, true}, "9223372036854775807": {math.MaxInt64, true}, "-9223372036854775808": {math.MinInt64, true},
		"9223372036854775808": {math.MinInt64, false}, "18446744073709551617": {1, false}, "007": {7, true},
	} {
		if n, exact := Integer([]byte(text)); n != want.n || exact != want.exact {
			t.Errorf("%s: %d %v", text, n, exact)
		}
	}
	for text, want := range map[string]int64{"1.9": 1, "-1.9": -1, "1e3": 1000, "12345e-2": 123, "1e-99999999999": 0, "1e99999999999": 0, "0.5": 0, "1.5E+1": 15} {
		if n := Truncate([]byte(text)); n != want {
			t.Errorf("%s: %d, want %d", text, n, want)
		}
	}
	if f := Float([]byte("-0.0"), 64); f != 0 || math.Signbit(f) {
		t.Error(f)
	}
	for text, want := range map[string]data.Value{
		"1.50": data.DecimalValue(big.NewInt(150), 2), "-7": data.DecimalValue(big.NewInt(-7), 0), "1e3": data.DecimalValue(big.NewInt(1), -3),
	} {
		if v, ok := Decimal([]byte(text)); !ok || !v.Equal(want) {
			t.Errorf("%s: %s", text, v)
		}
	}
	if _, ok := Decimal([]byte("1e99999999999")); ok {
		t.Error("an exponent of any size is taken")
	}
	for want, f := range map[string]float64{`"NaN"`: math.NaN(), `"-Infinity"`: math.Inf(-1), "1.0E10": 1e10, "0.1": 0.1} {
		if b := AppendFloat(nil, f, 64); string(b) != want {
			t.Errorf("%s, want %s", b, want)
		}
	}
}

func TestBase64(t *testing.T) {
	if b := AppendBase64(nil, []byte{1, 2, 255}); string(b) != `"AQL/"` {
		t.Errorf("%s", b)
	}
	if b, ok := Base64([]byte(" AQ\nL/ ")); !ok || string(b) != "\x01\x02\xff" {
		t.Errorf("%x %v", b, ok)
	}
	if _, ok := Base64([]byte("%")); ok {
		t.Error("anything is Base64")
	}
}
