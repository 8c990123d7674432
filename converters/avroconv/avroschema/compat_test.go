package avroschema

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestProblemsAreThoseOfJava compares place and kind with SchemaCompatibility of Avro 1.12.0 (testdata/compat.txt: reader, writer, answer).
func TestProblemsAreThoseOfJava(t *testing.T) {
	raw, err := os.ReadFile("testdata/compat.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	if len(lines)%3 != 0 {
		t.Fatal(len(lines))
	}
	for i := 0; i < len(lines); i += 3 {
		r, w := must(t, lines[i]), must(t, lines[i+1])
		var got []string
		for _, p := range Incompatibilities(r, w) {
			place, kind, _ := strings.Cut(p, ": ")
			kind, _, _ = strings.Cut(kind, ":")
			got = append(got, place+":"+kind)
		}
		if s := strings.Join(got, " "); s != lines[i+2] {
			t.Errorf("reader %s\nwriter %s\n got %q\nwant %q", r, w, s, lines[i+2])
		}
	}
}

func must(t testing.TB, text string, refs ...Ref) *Schema {
	t.Helper()
	s, err := Parse(text, refs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestComparingEnds(t *testing.T) {
	// Two unions of many records of one simple name: every pair must be looked at.
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, `,{"type":"record","name":"n%d.R","fields":[{"name":"f","type":"%s"}]}`, i, "int")
	}
	w := must(t, "["+b.String()[1:]+"]")
	r := must(t, strings.ReplaceAll("["+b.String()[1:]+"]", `"int"`, `"string"`))
	if got := Incompatibilities(r, w); len(got) != 1 || !strings.Contains(got[0], "TOO_LARGE") {
		t.Error(len(got), got[0])
	}
}

func TestSchemasMayReferToOthers(t *testing.T) {
	refs := []Ref{{"a", `{"type":"record","name":"n.A","fields":[{"name":"i","type":{"type":"enum","name":"E","symbols":["X"]}}]}`},
		{"b", `{"type":"record","name":"n.B","fields":[{"name":"a","type":"A"}]}`}}
	s := must(t, `{"type":"record","name":"R","namespace":"n","fields":[{"name":"b","type":"B"},{"name":"e","type":"n.E"}]}`, refs...)
	want := `{"type":"record","name":"R","namespace":"n","fields":[{"name":"b","type":"B"},{"name":"e","type":{"type":"enum","name":"E","symbols":["X"]}}]}`
	if s.String() != want || s.Name() != "n.R" || s.Root.Fields[0].Type.Fields[0].Type.Fields[0].Name != "i" {
		t.Error(s)
	}
	if _, err := Parse(s.String(), nil); err == nil || !strings.Contains(err.Error(), "Undefined schema: n.B") {
		t.Error(err)
	}
}

func TestNormalizedForm(t *testing.T) {
	for in, want := range map[string]string{
		`{"type":"record","name":"a.R","doc":"","z":{"b":1,"a":2},"connect.name":"x","fields":[{"name":"f","type":{"type":"int","connect.version":1,"logicalType":"date","connect.name":"d"},"y":1,"x":2,"doc":"d","aliases":["q","p"]}],"aliases":["Z","B"]}`: `{"type":"record","name":"R","namespace":"a","fields":[{"name":"f","type":{"type":"int","logicalType":"date","connect.name":"d","connect.version":1},"doc":"d","aliases":["p","q"],"x":2,"y":1}],"connect.name":"x","z":{"a":2,"b":1},"aliases":["B","Z"]}`,
		`{"type":"bytes","scale":2,"precision":64,"connect.version":1,"connect.parameters":{"scale":"2"},"logicalType":"decimal"}`:                                                                                                                             `{"type":"bytes","logicalType":"decimal","precision":64,"scale":2,"connect.parameters":{"scale":"2"},"connect.version":1}`,
		`{"type":"bytes","scale":0,"a":1,"precision":4,"logicalType":"decimal"}`:                                                                                                                                                                               `{"type":"bytes","logicalType":"decimal","precision":4,"a":1,"scale":0}`,
		`{"type":"bytes","scale":-1,"precision":4,"logicalType":"decimal"}`:                                                                                                                                                                                    `{"type":"bytes","logicalType":"decimal","precision":4,"scale":-1}`,
	} {
		s := must(t, in)
		if got := s.Normalized(); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
		if again := must(t, s.Normalized()); again.Normalized() != want {
			t.Errorf("not stable: %s", again.Normalized())
		}
	}
}

func TestStoredSchemasMayHaveDefaultsThatDoNotFit(t *testing.T) {
	text := `{"type":"record","name":"R","namespace":"x-y","fields":[{"name":"f","type":["null",{"type":"record","name":"S","fields":[]}],"default":5}]}`
	if _, err := Parse(text, nil); err == nil {
		t.Error("accepted as new")
	}
	if s, err := ParseStored(text, nil); err != nil || s.String() != text {
		t.Error(err)
	}
}

// Records whose defaults use each other ask for exponentially many steps.
func TestCheckingDefaultsEnds(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"name":"a0","type":{"type":"record","name":"R0","fields":[]}}`)
	for i := range 40 {
		fmt.Fprintf(&b, `,{"name":"a%d","type":{"type":"record","name":"R%d","fields":[{"name":"x","type":"R%d","default":{}},{"name":"y","type":"R%d","default":{}}]},"default":{}}`, i+1, i+1, i, i)
	}
	_, err := Parse(`{"type":"record","name":"Top","fields":[`+b.String()+`]}`, nil)
	if err == nil || !strings.Contains(err.Error(), "take too long to check") {
		t.Error(err)
	}
}

func TestTextsAreBounded(t *testing.T) {
	for name, text := range map[string]string{
		"nesting":  strings.Repeat(`{"type":"array","items":`, 1000) + `"int"` + strings.Repeat("}", 1000),
		"allowed":  `"` + strings.Repeat("x", maxText) + `"`,
		"column 2": " x",
	} {
		if _, err := Parse(text, nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
