package avroschema

import (
	"os"
	"strings"
	"testing"
)

func seeds(f *testing.F) []string {
	raw, err := os.ReadFile("testdata/java.txt")
	if err != nil {
		f.Fatal(err)
	}
	var out []string
	for i, l := range strings.Split(string(raw), "\n") {
		if i%2 == 0 {
			out = append(out, l)
		}
	}
	return out
}

// FuzzParse looks for panics, and for printed schemas that are not read as the same schema.
func FuzzParse(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text, nil)
		if err != nil {
			return
		}
		again, err := Parse(s.String(), nil)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		endless := strings.Contains(s.String(), "Infinity") || strings.Contains(s.String(), "NaN") // printed as strings
		if strings.Contains(s.String(), `"aliases"`) {
			return // one without a namespace is printed like one of the type's own namespace, in Java too
		}
		if !endless && !s.Equal(again) || again.String() != s.String() {
			t.Fatalf("%s\nread again: %s", s, again)
		}
		if found := Incompatibilities(s, again); len(found) > 0 {
			t.Fatalf("%s does not read itself: %v", s, found)
		}
		n, err := Parse(s.Normalized(), nil)
		if err != nil || n.Normalized() != s.Normalized() {
			t.Fatalf("normalized: %s: %v", s.Normalized(), err)
		}
	})
}

// FuzzIncompatibilities looks for panics and for comparisons that do not end, between any two schemas.
func FuzzIncompatibilities(f *testing.F) {
	all := seeds(f)
	for i := range all {
		f.Add(all[i], all[(i+1)%len(all)])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		r, err := ParseStored(a, nil)
		if err != nil {
			return
		}
		w, err := ParseStored(b, nil)
		if err != nil {
			return
		}
		for _, p := range Incompatibilities(r, w) {
			if !strings.HasPrefix(p, "/") {
				t.Fatal(p)
			}
		}
	})
}
