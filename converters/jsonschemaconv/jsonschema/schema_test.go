package jsonschema

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t testing.TB, text string, refs ...Ref) *Schema {
	t.Helper()
	s, err := Parse(text, refs)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

func TestPrint(t *testing.T) {
	s := mustParse(t, "{ \"type\" : \"object\",\n \"title\":\"Ord\\u00e9r\", \"properties\":{\"b\":{\"maximum\":1.50},\"a\":{}} }")
	if diff := cmp.Diff(`{"type":"object","title":"Ordér","properties":{"b":{"maximum":1.50},"a":{}}}`, s.String()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(`{"properties":{"a":{},"b":{"maximum":1.50}},"title":"Ordér","type":"object"}`, s.Normalized()); diff != "" {
		t.Error(diff)
	}
	if s.Name() != "Ordér" {
		t.Errorf("name %q", s.Name())
	}
	if n := mustParse(t, `true`); n.Name() != "" || n.String() != "true" {
		t.Errorf("true is %q, named %q", n.String(), n.Name())
	}
}

func TestDrafts(t *testing.T) {
	for _, draft := range []string{
		"http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-06/schema#", "http://json-schema.org/draft-07/schema#",
		"https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema",
	} {
		s := mustParse(t, `{"$schema":"`+draft+`","type":"object","properties":{"a":{"type":"integer"}}}`)
		if err := s.Validate([]byte(`{"a":1}`)); err != nil {
			t.Errorf("%s: %v", draft, err)
		}
		if err := s.Validate([]byte(`{"a":"x"}`)); err == nil {
			t.Errorf("%s: a string passes for an integer", draft)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":        {``, "ends too early"},
		"cut":            {`{"type":`, "ends too early"},
		"not JSON":       {"{\"type\":\n x}", "line 2, column"},
		"two values":     {`{} {}`, "more than one value"},
		"not a schema":   {`[]`, "object or a boolean"},
		"bad type":       {`{"type":"int"}`, "jsonschema"},
		"remote":         {`{"$ref":"http://example.com/x.json"}`, "name it in the references"},
		"relative":       {`{"$ref":"x.json"}`, "name it in the references"},
		"file":           {`{"$ref":"file:///etc/passwd"}`, "name it in the references"},
		"dangling":       {`{"$ref":"#/definitions/x"}`, "definitions/x"},
		"name twice":     {`{"type":"string","type":"number"}`, "duplicate"},
		"huge exponent":  {`{"maximum":1e999999999}`, "exponent"},
		"deep":           {strings.Repeat(`{"not":`, 1001) + `{}` + strings.Repeat(`}`, 1001), "deeper"},
		"large":          {`{"anyOf":[` + strings.TrimSuffix(strings.Repeat(`{},`, 20_001), ",") + `]}`, "more than 20000"},
		"unknown schema": {`{"$schema":"http://example.com/meta"}`, "example.com"},
	} {
		if _, err := Parse(c.text, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestReferences(t *testing.T) {
	refs := []Ref{{"street.json", `{"type":"string"}`}, {"address.json", `{"type":"object","properties":{"street":{"$ref":"street.json"}}}`}}
	for _, text := range []string{
		`{"properties":{"a":{"$ref":"address.json"}}}`,
		`{"$id":"http://example.com/person.json","properties":{"a":{"$ref":"address.json"}}}`,
		`{"$id":"http://example.com/person.json","properties":{"a":{"$ref":"http://example.com/address.json#"}}}`,
		`{"$id":"person.json","properties":{"a":{"$ref":"address.json"}}}`,
		`{"properties":{"a":{"$ref":"#/definitions/a"}},"definitions":{"a":{"$ref":"address.json"}}}`,
	} {
		s := mustParse(t, text, refs...)
		if err := s.Validate([]byte(`{"a":{"street":1}}`)); err == nil {
			t.Errorf("%s does not follow its references", text)
		}
		if err := s.Validate([]byte(`{"a":{"street":"x"}}`)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestPatternOfOtherEnginesIsKept(t *testing.T) {
	s := mustParse(t, `{"type":"string","pattern":"^(?!x).*$"}`)
	if err := s.Validate([]byte(`"y"`)); err != nil {
		t.Error(err)
	}
	if diff := Incompatibilities(s, mustParse(t, `{"type":"string","pattern":"^(?!y).*$"}`)); len(diff) != 1 {
		t.Errorf("another pattern: %v", diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range diffCases {
		f.Add(c.writer)
	}
	f.Add(`{"$ref":"#"}`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text, nil)
		if err != nil {
			return
		}
		again, err := Parse(s.String(), nil)
		if err != nil {
			t.Fatalf("%q was parsed, its print %q not: %v", text, s.String(), err)
		}
		if again.String() != s.String() {
			t.Errorf("print %q, then %q", s.String(), again.String())
		}
		if n, err := Parse(s.Normalized(), nil); err != nil || n.Normalized() != s.Normalized() {
			t.Errorf("normal form of %q is not stable: %v", text, err)
		}
		if diff := Incompatibilities(s, again); len(diff) > 0 {
			t.Errorf("%q is not compatible with itself: %v", text, diff)
		}
	})
}

func FuzzIncompatibilities(f *testing.F) {
	for _, c := range diffCases {
		f.Add(c.reader, c.writer)
	}
	f.Fuzz(func(t *testing.T, reader, writer string) {
		r, err := Parse(reader, nil)
		if err != nil {
			return
		}
		w, err := Parse(writer, nil)
		if err != nil {
			return
		}
		if a, b := Incompatibilities(r, w), Incompatibilities(r, w); !cmp.Equal(a, b) {
			t.Errorf("not the same twice: %v", cmp.Diff(a, b))
		}
	})
}
