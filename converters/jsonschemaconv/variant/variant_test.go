package variant

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/converters/jsontext"
)

func encode(text string) (metadata, value []byte, err error) {
	var s jsontext.Scanner
	s.Reset([]byte(text))
	return Encode(&s)
}

// The bytes are those of the specification.
func TestVariants(t *testing.T) {
	for _, tc := range []struct{ json, metadata, value, back string }{
		{`null`, "110000", "00", ""},
		{`true`, "110000", "04", ""},
		{`-5`, "110000", "0cfb", ""},
		{`300`, "110000", "102c01", ""},
		{`70000`, "110000", "1470110100", ""},
		{`9223372036854775807`, "110000", "18ffffffffffffff7f", ""},
		{`1.5`, "110000", "20010f000000", ""},
		{`-12345678901.5`, "110000", "2401" + "e9e56641e3ffffff", ""},
		{`9223372036854775808`, "110000", "2800" + "00000000000000800000000000000000", ""},
		{`1e2`, "110000", "1c0000000000005940", "100.0"},
		{`"hi"`, "110000", "096869", ""},
		{`[1,"a",[]]`, "110000", "0303" + "00020407" + "0c01" + "0561" + "030000", ""},
		{`{"b":1,"a":{"b":2}}`, "1102000102" + "6162", "0202" + "0001" + "020009" + "0c01" + "0201" + "01" + "0002" + "0c02", `{"a":{"b":2},"b":1}`},
		{`{"a":1,"a":2}`, "1101000161", "0201" + "00" + "0204" + "0c01" + "0c02", `{"a":2}`},
	} {
		m, v, err := encode(tc.json)
		if err != nil || hex.EncodeToString(m) != tc.metadata || hex.EncodeToString(v) != tc.value {
			t.Errorf("%s: %x %x %v", tc.json, m, v, err)
		}
		back, err := AppendJSON(nil, m, v)
		if tc.back == "" {
			tc.back = tc.json
		}
		if err != nil || string(back) != tc.back {
			t.Errorf("%s comes back as %s %v", tc.json, back, err)
		}
	}
}

func TestLargeVariants(t *testing.T) {
	var members []string
	for i := range 70_000 {
		members = append(members, fmt.Sprintf(`"member%05d":%d`, i, i))
	}
	text := "{" + strings.Join(members, ",") + `,"x":["` + strings.Repeat("y", 1000) + `"]}`
	m, v, err := encode(text)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := AppendJSON(nil, m, v); err != nil || string(back) != text {
		t.Error(len(back), err)
	}
}

// Types that JSON does not have are text.
func TestOtherTypes(t *testing.T) {
	for in, want := range map[string]string{
		"2c01000000":                         `"1970-01-02"`,
		"3040420f0000000000":                 `"1970-01-01T00:00:01Z"`,
		"3441420f0000000000":                 `"1970-01-01T00:00:01.000001"`,
		"380000c03f":                         `1.5`,
		"3c020000000102":                     `"AQI="`,
		"4001000000" + "61":                  `"a"`,
		"4440420f0000000000":                 `"00:00:01"`,
		"480100000000000000":                 `"1970-01-01T00:00:00.000000001Z"`,
		"50000102030405060708090a0b0c0d0e0f": `"00010203-0405-0607-0809-0a0b0c0d0e0f"`,
	} {
		b, _ := hex.DecodeString(in)
		if got, err := AppendJSON(nil, []byte{1, 0, 0}, b); err != nil || string(got) != want {
			t.Errorf("%s: %s %v", in, got, err)
		}
	}
	for _, in := range []string{"", "0c", "54", "0b", "0301", "020100000c", "4005000000", "20ff00000000"} {
		b, _ := hex.DecodeString(in)
		if got, err := AppendJSON(nil, []byte{1, 0, 0}, b); err == nil {
			t.Errorf("%s is read as %s", in, got)
		}
	}
}

// A list that names one value again and again is not unfolded.
func TestVariantsDoNotUnfold(t *testing.T) {
	value := []byte{0}
	for range 60 {
		value = append([]byte{3, 2, 0, 0, byte(min(len(value), 255))}, value...)
	}
	if _, err := AppendJSON(nil, []byte{1, 0, 0}, value); err == nil {
		t.Error("unfolded")
	}
}

func FuzzDecode(f *testing.F) {
	for _, text := range []string{`{"b":1,"a":{"b":[2,"x",1.5,null]}}`, `"x"`, `1e9`} {
		m, v, _ := encode(text)
		f.Add(m, v)
	}
	f.Fuzz(func(t *testing.T, m, v []byte) {
		out, err := AppendJSON(nil, m, v)
		if err != nil {
			return
		}
		m, v, err = encode(string(out))
		if err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if _, err := AppendJSON(nil, m, v); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
	})
}
