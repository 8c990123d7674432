package schemaregistry

import (
	"strings"
	"sync"

	"github.com/kurier-io/kurier/converters/avroconv/avroschema"
	"github.com/kurier-io/kurier/converters/jsonschemaconv/jsonschema"
	"github.com/kurier-io/kurier/converters/protoconv/protoschema"
)

const (
	avro       = "AVRO"
	jsonSchema = "JSON"
	protobuf   = "PROTOBUF"
)

// parsed is a schema of any language.
type parsed interface {
	String() string
	Normalized() string
}

// file is a reference with its text.
type file struct{ name, text string }

// language is what the registry asks of a schema language.
type language interface {
	// parse reads a schema; refs are in the order of their dependencies. What was stored before is not checked for more
	// than it takes to compare with it.
	parse(text string, refs []file, stored bool) (parsed, error)
	// incompatibilities says why data of writer cannot be read with reader, calling them the new and the old schema.
	incompatibilities(reader, writer parsed) []string
}

var languages = map[string]language{avro: avroLanguage{}, jsonSchema: jsonLanguage{}, protobuf: protoLanguage{}}

type avroLanguage struct{}

func (avroLanguage) parse(text string, refs []file, stored bool) (parsed, error) {
	in := make([]avroschema.Ref, len(refs))
	for i, r := range refs {
		in[i] = avroschema.Ref{Name: r.name, Text: r.text}
	}
	parse := avroschema.Parse
	if stored {
		parse = avroschema.ParseStored
	}
	s, err := parse(text, in)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// incompatibilities brings "path: KIND: text" into the registry's form.
func (avroLanguage) incompatibilities(reader, writer parsed) []string {
	r, w := reader.(*avroschema.Schema), writer.(*avroschema.Schema)
	var out []string
	for _, problem := range avroschema.Incompatibilities(r, w) {
		path, rest, _ := strings.Cut(problem, ": ")
		kind, text, _ := strings.Cut(rest, ": ")
		text = strings.NewReplacer("the reader's", "the new schema's", "the writer's", "the old schema's", "the reader", "the new schema", "the writer", "the old schema").Replace(text)
		out = append(out, "{errorType:'"+kind+"', description:'At path "+path+": "+text+"', additionalInfo:''}")
	}
	return out
}

type jsonLanguage struct{}

func (jsonLanguage) parse(text string, refs []file, _ bool) (parsed, error) {
	in := make([]jsonschema.Ref, len(refs))
	for i, r := range refs {
		in[i] = jsonschema.Ref{Name: r.name, Text: r.text}
	}
	s, err := jsonschema.Parse(text, in)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (jsonLanguage) incompatibilities(reader, writer parsed) []string {
	return jsonschema.Incompatibilities(reader.(*jsonschema.Schema), writer.(*jsonschema.Schema))
}

type protoLanguage struct{}

func (protoLanguage) parse(text string, refs []file, _ bool) (parsed, error) {
	in := make([]protoschema.Ref, len(refs))
	for i, r := range refs {
		in[i] = protoschema.Ref{Name: r.name, Text: r.text}
	}
	s, err := protoschema.Parse(text, in)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (protoLanguage) incompatibilities(reader, writer parsed) []string {
	return protoschema.Incompatibilities(reader.(*protoschema.Schema), writer.(*protoschema.Schema))
}

// maxReferences bounds how many schemas one schema may need.
const maxReferences = 1000

// resolve gathers what a schema of a subject refers to, and what that refers to, in the order of dependencies. The
// versions referred to may be deleted, but not for a new schema.
func resolve(s *state, subject string, refs []reference, stored bool) ([]file, *Error) {
	var out []file
	seen := map[string]bool{}
	var walk func(subject string, refs []reference) *Error
	walk = func(subject string, refs []reference) *Error {
		for _, r := range refs {
			if seen[r.Name] {
				continue
			}
			if len(seen) >= maxReferences {
				return errInvalidSchema("Invalid schema: it needs more than %d references", maxReferences)
			}
			seen[r.Name] = true
			from := beside(subject, r.Subject)
			v := pick(s.versions(from), r.Version, stored)
			if v == nil {
				return errInvalidSchema(`No schema reference found for subject "%s" and version %d: register it first`, r.Subject, r.Version)
			}
			if err := walk(from, v.content.references); err != nil {
				return err
			}
			out = append(out, file{r.Name, v.content.text})
		}
		return nil
	}
	if err := walk(subject, refs); err != nil {
		return nil, err
	}
	return out, nil
}

const latest = -1

// pick returns a version by its number, or the latest one; nil when there is none.
func pick(versions []*version, number int, deleted bool) *version {
	for i := len(versions) - 1; i >= 0; i-- {
		if v := versions[i]; (number == latest || v.number == number) && (deleted || !v.deleted) {
			return v
		}
	}
	return nil
}

// maxParsed bounds the text behind the schemas that are kept parsed.
const maxParsed = 16 << 20

// parser keeps stored schemas parsed, to compare new ones with.
type parser struct {
	mu   sync.Mutex
	kept map[*content]parsed
	size int
}

func (p *parser) stored(s *state, v *version) (parsed, *Error) {
	p.mu.Lock()
	got := p.kept[v.content]
	p.mu.Unlock()
	if got != nil {
		return got, nil
	}
	refs, fail := resolve(s, v.subject, v.content.references, true)
	if fail != nil {
		return nil, fail
	}
	l, ok := languages[v.content.language]
	if !ok {
		return nil, errInvalidSchema("Invalid schema type %s", v.content.language)
	}
	got, err := l.parse(v.content.text, refs, true)
	if err != nil {
		return nil, errInvalidSchema("Version %d of subject '%s' cannot be read, details: %v", v.number, v.subject, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.size > maxParsed || p.kept == nil {
		p.kept, p.size = map[*content]parsed{}, 0
	}
	p.kept[v.content] = got
	p.size += len(v.content.text)
	return got, nil
}
