// Package jsonschema reads JSON Schemas, drafts 4 to 2020-12, as a schema registry has them: it parses and checks them
// against their metaschema, prints them, says whether data of one can be read with another, and validates values.
// Nothing is ever loaded: $ref reaches the schema itself and the references that come with it.
//
// All functions are safe for concurrent use; a Schema is immutable.
package jsonschema

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	library "github.com/santhosh-tekuri/jsonschema/v6"
)

// Ref is a schema that another one may refer to by Name, as in {"$ref":"Name#/definitions/x"}. A relative name is
// taken relative to the $id of the schema that refers.
type Ref struct{ Name, Text string }

// Schema is a parsed JSON Schema.
type Schema struct {
	text string
	root *library.Schema
}

// maxObjects bounds the objects in a schema and its references: the time to compile them grows with their square.
const maxObjects = 20_000

// base is the address of a schema without $id; only names relative to it are reachable.
const base = "kurier:///schema.json"

// Parse reads the schema text. A schema without $schema is of draft 7, as with Confluent's registry. It fails on
// malformed JSON, on a schema that its metaschema rejects, and on a $ref to what is neither in the text nor in refs.
func Parse(text string, refs []Ref) (*Schema, error) {
	compact, err := Compact(text)
	if err != nil {
		return nil, err
	}
	objects := strings.Count(compact, "{")
	for _, r := range refs {
		objects += strings.Count(r.Text, "{")
	}
	if objects > maxObjects {
		return nil, fmt.Errorf("JSON Schema: it has about %d objects, more than %d", objects, maxObjects)
	}
	doc, err := library.UnmarshalJSON(strings.NewReader(compact))
	if err != nil {
		return nil, fmt.Errorf("JSON Schema: %w", err)
	}
	switch doc.(type) {
	case map[string]any, bool:
	default:
		return nil, errors.New("JSON Schema: a schema is an object or a boolean")
	}
	c := library.NewCompiler()
	c.DefaultDraft(library.Draft7)
	c.UseLoader(noLoader{})
	c.UseRegexpEngine(compilePattern)
	at, err := resolve(base, id(doc))
	if err != nil {
		return nil, err
	}
	if err := c.AddResource(at, doc); err != nil {
		return nil, fmt.Errorf("JSON Schema: %w", err)
	}
	for _, r := range refs {
		if err := addRef(c, at, r); err != nil {
			return nil, fmt.Errorf("JSON Schema: reference %q: %w", r.Name, err)
		}
	}
	root, err := c.Compile(at)
	if err != nil {
		return nil, fmt.Errorf("JSON Schema: %w", err)
	}
	return &Schema{text: compact, root: root}, nil
}

func addRef(c *library.Compiler, from string, r Ref) error {
	compact, err := Compact(r.Text)
	if err != nil {
		return err
	}
	doc, err := library.UnmarshalJSON(strings.NewReader(compact))
	if err != nil {
		return err
	}
	at, err := resolve(from, r.Name)
	if err != nil {
		return err
	}
	for _, at := range []string{at, id(doc)} {
		if at == "" {
			continue
		}
		if at, err = resolve(from, at); err != nil {
			return err
		}
		// A name given twice means the first: a diamond of references names its tip twice.
		if err := c.AddResource(at, doc); err != nil && !isKnown(err) {
			return err
		}
	}
	return nil
}

func isKnown(err error) bool {
	var known *library.ResourceExistsError
	return errors.As(err, &known)
}

func id(doc any) string {
	m, _ := doc.(map[string]any)
	for _, k := range []string{"$id", "id"} {
		if s, ok := m[k].(string); ok {
			return s
		}
	}
	return ""
}

// resolve makes name an address without fragment.
func resolve(from, name string) (string, error) {
	f, err := url.Parse(from)
	if err != nil {
		return "", fmt.Errorf("JSON Schema: $id %q is no URI: %w", from, err)
	}
	n, err := url.Parse(name)
	if err != nil {
		return "", fmt.Errorf("JSON Schema: %q is no URI: %w", name, err)
	}
	u := f.ResolveReference(n)
	u.Fragment, u.RawFragment = "", ""
	return u.String(), nil
}

type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("nothing is loaded from %s: register that schema and name it in the references", strings.TrimPrefix(url, "kurier:///"))
}

// pattern is a regular expression of a schema. Those that Go's engine lacks (look-around, back-references) are kept
// and compared as text and match everything.
type pattern struct {
	text string
	re   *regexp.Regexp
}

func (p *pattern) String() string            { return p.text }
func (p *pattern) MatchString(s string) bool { return p.re == nil || p.re.MatchString(s) }

func compilePattern(text string) (library.Regexp, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		re = nil
	}
	return &pattern{text, re}, nil
}

// String returns the schema as the registry stores it: the text without insignificant space, members in their order.
func (s *Schema) String() string { return s.text }

// Normalized returns the schema with the members of all objects sorted by name.
func (s *Schema) Normalized() string { return sorted(s.text) }

// Name returns the schema's title, "" without one.
func (s *Schema) Name() string { return s.root.Title }

// Root returns the compiled schema: what every $ref leads to is linked. It must not be changed.
func (s *Schema) Root() *library.Schema { return s.root }

// Validate says why the JSON value does not follow the schema.
func (s *Schema) Validate(value []byte) error {
	compact, err := Compact(string(value))
	if err != nil {
		return err
	}
	v, err := library.UnmarshalJSON(strings.NewReader(compact))
	if err != nil {
		return fmt.Errorf("JSON: %w", err)
	}
	return s.root.Validate(v)
}
