package javatext

import (
	"math/big"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/plugins/data"
)

func TestDecimalsPrintAsBigDecimal(t *testing.T) {
	for _, tc := range []struct {
		unscaled string
		scale    int32
		want     string
	}{
		{"1", -3, "1E+3"}, {"10", -1, "1.0E+2"}, {"1", 7, "1E-7"}, {"1", 6, "0.000001"}, {"10000", 2, "100.00"}, {"0", 2, "0.00"},
		{"0", 10, "0E-10"}, {"-5", 2, "-0.05"}, {"-128", 0, "-128"}, {"-1234", 2, "-12.34"}, {"123456789012345678901234567890", 10, "12345678901234567890.1234567890"},
		{"-9223372036854775808", 0, "-9223372036854775808"}, {"123", 20, "1.23E-18"}, {"0", -3, "0E+3"}, {"12", 8, "1.2E-7"},
	} {
		n, _ := new(big.Int).SetString(tc.unscaled, 10)
		if got := string(AppendDecimal(nil, data.DecimalValue(n, tc.scale))); got != tc.want {
			t.Errorf("%s scale %d: %s, want %s", tc.unscaled, tc.scale, got, tc.want)
		}
	}
}

func TestDecimalTextKeepsValueAndScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "digits"))
		if rapid.Bool().Draw(t, "negative") {
			n.Neg(n)
		}
		v := data.DecimalValue(n, rapid.Int32Range(-50, 50).Draw(t, "scale"))
		text := string(AppendDecimal(nil, v))
		u, scale, ok := data.ParseDecimal(text)
		if !ok || !data.DecimalValue(u, scale).Equal(v) {
			t.Fatalf("%s gave %v scale %d", text, u, scale)
		}
	})
}

// TestMalformedUTF8 has what Java 17 prints for each.
func TestMalformedUTF8(t *testing.T) {
	for in, want := range map[string]string{
		"a\xffb": "a\uFFFDb", "\xec\x8a1": "\uFFFD1", "\xce\xe6\x86z\xed%": "\uFFFD\uFFFDz\uFFFD%", "\xb8\x8a\xe1\x9bf": "\uFFFD\uFFFD\uFFFDf",
		"\xed\xa0\x80": "\uFFFD", "\xf0\x9f\x98": "\uFFFD", "\xf0\x80\x80\x80": "\uFFFD\uFFFD\uFFFD\uFFFD", "\xf5\x80": "\uFFFD\uFFFD", "\xc0\x80": "\uFFFD\uFFFD", "é": "é", "\xe0\x80\x80": "\uFFFD\uFFFD\uFFFD",
	} {
		if got := DecodeUTF8([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzDecodeUTF8(f *testing.F) {
	for _, seed := range []string{"", "a\xff", "\xed\xa0\x80", "\xf0\x9f\x98", "\xe0\x80é"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got := DecodeUTF8(b)
		if !utf8.ValidString(got) || utf8.Valid(b) && got != string(b) || len(b) > 0 && got == "" {
			t.Errorf("%q from %q", got, b)
		}
	})
}
