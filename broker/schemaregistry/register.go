package schemaregistry

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// maxSchema bounds the text of a schema.
const maxSchema = 1 << 20

// schemaRequest is what POST sends: a schema to register, to look up, or to compare.
type schemaRequest struct {
	Version    int            `json:"version"`
	ID         int32          `json:"id"`
	SchemaType string         `json:"schemaType"`
	References []reference    `json:"references"`
	Metadata   jsontext.Value `json:"metadata"`
	RuleSet    jsontext.Value `json:"ruleSet"`
	Schema     string         `json:"schema"`
}

// candidate is a request after it has been read.
type candidate struct {
	content *content
	parsed  parsed
}

// read parses the schema of a request for a subject. With normalize it has its normal form.
func read(s *state, subject string, r schemaRequest, normalize bool) (candidate, *Error) {
	if len(r.Schema) > maxSchema {
		return candidate{}, errTooLarge()
	}
	name := strings.ToUpper(orAvro(r.SchemaType))
	l, ok := languages[name]
	if !ok {
		return candidate{}, errInvalidSchema("Invalid schema type %s: it is AVRO, JSON or PROTOBUF", r.SchemaType)
	}
	if strings.TrimSpace(r.Schema) == "" {
		return candidate{}, errInvalidSchema("Empty schema")
	}
	if k := kind(r.Metadata); k != 0 && k != '{' {
		return candidate{}, errInvalidSchema("Invalid metadata: it is an object")
	}
	if k := kind(r.RuleSet); k != 0 && k != '{' {
		return candidate{}, errorf(42210, "Invalid ruleSet: it is an object")
	}
	refs, fail := resolve(s, subject, r.References, false)
	if fail != nil {
		return candidate{}, fail
	}
	p, err := l.parse(r.Schema, refs, false)
	if err != nil {
		return candidate{}, errInvalidSchema("Invalid schema of type %s for subject '%s', details: %v", name, subject, err)
	}
	text := p.String()
	if normalize {
		text = p.Normalized()
	}
	if !utf8.ValidString(text) {
		return candidate{}, errInvalidSchema("Invalid schema of type %s for subject '%s', details: it is not UTF-8", name, subject)
	}
	return candidate{newContent(name, text, pinned(s, subject, r.References), r.Metadata, r.RuleSet), p}, nil
}

// kind is the kind of a JSON value, 0 for none and for null.
func kind(v jsontext.Value) jsontext.Kind {
	if k := v.Kind(); k != 'n' {
		return k
	}
	return 0
}

// pinned gives references to the latest version its number, for what is latest changes.
func pinned(s *state, subject string, refs []reference) []reference {
	out := slices.Clone(refs)
	for i, r := range out {
		if v := pick(s.versions(beside(subject, r.Subject)), r.Version, false); v != nil {
			out[i].Version = v.number
		}
	}
	return out
}

// sameIn finds a content among versions. With normalize, one that was registered without it is found by its normal form.
func sameIn(s *state, p *parser, versions []*version, c candidate, normalize, deleted bool) *version {
	for i := len(versions) - 1; i >= 0; i-- {
		if v := versions[i]; v.content.key == c.content.key && (deleted || !v.deleted) && s.stands(v) {
			return v
		}
	}
	if !normalize {
		return nil
	}
	for i := len(versions) - 1; i >= 0; i-- {
		v := versions[i]
		if v.content.language != c.content.language || v.deleted && !deleted || len(v.content.references) != len(c.content.references) {
			continue
		}
		old, err := p.stored(s, v)
		if err != nil {
			continue
		}
		normal := newContent(v.content.language, old.Normalized(), v.content.references, v.content.metadata, v.content.ruleSet)
		if normal.key == c.content.key && s.stands(v) {
			return v
		}
	}
	return nil
}

// register decides on POST /subjects/{subject}/versions: the version that has the schema already, or the one to write.
func register(s *state, p *parser, subject string, r schemaRequest, normalize bool, defaultLevel string) (found, made *version, fail *Error) {
	cfg := s.effective(subject, defaultLevel)
	normalize = normalize || cfg.Normalize != nil && *cfg.Normalize
	c, fail := read(s, subject, r, normalize)
	if fail != nil {
		return nil, nil, fail
	}
	versions := s.versions(subject)
	if v := sameIn(s, p, versions, c, normalize, false); v != nil && (r.ID <= 0 || r.ID == v.id) && (r.Version <= 0 || r.Version == v.number) {
		return v, nil, nil
	}
	mode := s.effectiveMode(subject)
	if fail := writable(subject, mode); fail != nil {
		return nil, nil, fail
	}
	made = &version{subject: subject, number: 1, content: c.content}
	if n := len(versions); n > 0 {
		made.number = versions[n-1].number + 1
	}
	name, _ := splitName(subject)
	if mode == modeImport {
		return nil, made, importAs(s, made, name, versions, r)
	}
	if r.ID > 0 {
		return nil, nil, errNotPermitted("Subject %s is not in import mode: leave out the id, or set the mode to IMPORT first", subject)
	}
	if r.Version > 0 && r.Version != made.number {
		return nil, nil, errInvalidSchema("Version %d is not one more than previous version %d", r.Version, made.number-1)
	}
	problems, fail := incompatible(s, p, cfg, c.content.language, c.parsed, inGroup(versions, cfg.Group, c.content))
	if fail != nil {
		return nil, nil, fail
	}
	if len(problems) > 0 {
		return nil, nil, errorf(409, `Schema being registered is incompatible with an earlier schema for subject "%s", details: [%s]`, subject, strings.Join(problems, ", "))
	}
	if made.id = s.idOf(name, c.content.key); made.id == 0 {
		_, _, maxID := s.byID(name, 0)
		made.id = maxID + 1
	}
	if made.id <= 0 {
		return nil, nil, errStore(errIDsUsedUp)
	}
	return nil, made, nil
}

// importAs gives the version the id and the number that the request asks for.
func importAs(s *state, made *version, context string, versions []*version, r schemaRequest) *Error {
	if r.ID <= 0 {
		return errNotPermitted("Subject %s is in import mode: give the id, or set the mode to READWRITE", made.subject)
	}
	if c, _, _ := s.byID(context, r.ID); c != nil && c.key != made.content.key {
		return errNotPermitted("Overwrite new schema with id %d is not permitted.", r.ID)
	}
	made.id = r.ID
	if r.Version > 0 {
		made.number = r.Version
	}
	if old := pick(versions, made.number, false); old != nil && (old.content.key != made.content.key || old.id != r.ID) {
		return errNotPermitted("Overwrite version %d of subject %s is not permitted: delete it first", made.number, made.subject)
	}
	return nil
}

// lookUp decides on POST /subjects/{subject}.
func lookUp(s *state, p *parser, subject string, r schemaRequest, normalize, deleted bool) (*version, *Error) {
	versions := s.versions(subject)
	if pick(versions, latest, deleted) == nil {
		return nil, errSubjectNotFound(subject)
	}
	cfg := s.effective(subject, "")
	normalize = normalize || cfg.Normalize != nil && *cfg.Normalize
	c, fail := read(s, subject, r, normalize)
	if fail != nil {
		return nil, fail
	}
	if v := sameIn(s, p, versions, c, normalize, deleted); v != nil {
		return v, nil
	}
	return nil, errSchemaNotFound()
}
