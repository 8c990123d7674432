package schemaregistry

import (
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// schemaObject is a version, members in the order of Confluent's.
type schemaObject struct {
	Subject    string         `json:"subject"`
	Version    int            `json:"version"`
	ID         int32          `json:"id"`
	GUID       string         `json:"guid,omitempty"`
	SchemaType string         `json:"schemaType,omitempty"`
	References []reference    `json:"references,omitempty"`
	Metadata   jsontext.Value `json:"metadata,omitzero"`
	RuleSet    jsontext.Value `json:"ruleSet,omitzero"`
	Schema     string         `json:"schema"`
	TS         int64          `json:"ts,omitzero"`
	Deleted    bool           `json:"deleted,omitzero"`
}

func object(v *version) schemaObject {
	c := v.content
	return schemaObject{v.subject, v.number, v.id, c.guid, omitAvro(c.language), c.references, c.metadata, c.ruleSet, c.text, v.ts, v.deleted}
}

// registered answers a registration as the newer registries do: older clients look at the id alone.
type registered struct {
	ID         int32          `json:"id"`
	Version    int            `json:"version"`
	GUID       string         `json:"guid,omitempty"`
	SchemaType string         `json:"schemaType,omitempty"`
	References []reference    `json:"references,omitempty"`
	Metadata   jsontext.Value `json:"metadata,omitzero"`
	RuleSet    jsontext.Value `json:"ruleSet,omitzero"`
	Schema     string         `json:"schema"`
}

// visible tells which versions a request sees: deleted ones with deleted=true, only them with deletedOnly=true.
func visible(req *http.Request) func(*version) bool {
	deleted, only := flag(req, "deleted"), flag(req, "deletedOnly")
	return func(v *version) bool {
		if v.deleted {
			return deleted || only
		}
		return !only
	}
}

// prefixOf is the subjectPrefix, ":*:" for everything.
func prefixOf(req *http.Request) string {
	q := req.URL.Query()
	context := contextOf(req)
	if !q.Has("subjectPrefix") && context == "" {
		return ":*:"
	}
	prefix := q.Get("subjectPrefix")
	if context == "" || strings.HasPrefix(prefix, ":") {
		return prefix
	}
	return joinName(context, prefix)
}

func (r *Registry) listSubjects(req *http.Request) (any, *Error) {
	sees, names := visible(req), []string{}
	for _, versions := range r.state.subjects(prefixOf(req)) {
		live := pick(versions, latest, false) != nil
		if live && flag(req, "deletedOnly") {
			continue // a subject is deleted when all its versions are
		}
		for _, v := range versions {
			if sees(v) {
				names = append(names, v.subject)
				break
			}
		}
	}
	return page(req, names)
}

func (r *Registry) listVersions(req *http.Request) (any, *Error) {
	subject, sees, numbers := r.known(subjectOf(req)), visible(req), []int{}
	for _, v := range r.state.versions(subject) {
		if sees(v) {
			numbers = append(numbers, v.number)
		}
	}
	if len(numbers) == 0 {
		return nil, errSubjectNotFound(subject)
	}
	return page(req, numbers)
}

// known follows an alias: a subject without versions may be another name of one.
func (r *Registry) known(subject string) string {
	if len(r.state.versions(subject)) > 0 {
		return subject
	}
	if c, _ := r.state.config(subject); c.Alias != "" {
		return beside(subject, c.Alias)
	}
	return subject
}

// version finds the version that the path names.
func (r *Registry) version(req *http.Request) (*version, *Error) {
	subject := r.known(subjectOf(req))
	number, fail := versionOf(req)
	if fail != nil {
		return nil, fail
	}
	versions, deleted := r.state.versions(subject), flag(req, "deleted")
	if pick(versions, latest, deleted) == nil {
		return nil, errSubjectNotFound(subject)
	}
	if v := pick(versions, number, deleted); v != nil {
		return v, nil
	}
	return nil, errVersionNotFound(number)
}

func (r *Registry) getVersion(req *http.Request) (any, *Error) {
	v, fail := r.version(req)
	if fail != nil {
		return nil, fail
	}
	o := object(v)
	o.Schema, fail = r.formatted(req, v)
	return o, fail
}

func (r *Registry) getVersionText(req *http.Request) (any, *Error) {
	v, fail := r.version(req)
	if fail != nil {
		return nil, fail
	}
	text, fail := r.formatted(req, v)
	return []byte(text), fail
}

func (r *Registry) getReferrers(req *http.Request) (any, *Error) {
	v, fail := r.version(req)
	if fail != nil {
		return nil, fail
	}
	ids := []int32{}
	seen := map[int32]bool{}
	for _, from := range referrers(r.state, v.subject, v.number, flag(req, "deleted")) {
		if !seen[from.id] {
			ids = append(ids, from.id)
		}
		seen[from.id] = true
	}
	return ids, nil
}

// request reads a schema and the subject that it is for.
func (r *Registry) request(req *http.Request) (subject string, body schemaRequest, fail *Error) {
	if subject = subjectOf(req); !validSubject(subject) {
		return subject, body, errInvalidSubject(subject)
	}
	return subject, body, readBody(req, &body)
}

func (r *Registry) postVersion(req *http.Request) (any, *Error) {
	subject, body, fail := r.request(req)
	if fail != nil {
		return nil, fail
	}
	v, fail := r.register(req.Context(), subject, body, flag(req, "normalize"))
	if fail != nil {
		return nil, fail
	}
	c := v.content
	return registered{v.id, v.number, c.guid, omitAvro(c.language), c.references, c.metadata, c.ruleSet, c.text}, nil
}

func (r *Registry) postLookUp(req *http.Request) (any, *Error) {
	subject, body, fail := r.request(req)
	if fail != nil {
		return nil, fail
	}
	v, fail := lookUp(r.state, r.parser, r.known(subject), body, flag(req, "normalize"), flag(req, "deleted"))
	if fail != nil {
		return nil, fail
	}
	o := object(v)
	o.Schema, fail = r.formatted(req, v)
	return o, fail
}

func (r *Registry) deleteVersion(req *http.Request) (any, *Error) {
	number, fail := versionOf(req)
	if fail != nil {
		return nil, fail
	}
	var gone *version
	fail = r.change(req.Context(), func(s *state) (records []record, fail *Error) {
		gone, records, fail = deleteVersion(s, subjectOf(req), number, flag(req, "permanent"))
		return records, fail
	})
	if fail != nil {
		return nil, fail
	}
	return gone.number, nil
}

func (r *Registry) deleteSubject(req *http.Request) (any, *Error) {
	var numbers []int
	fail := r.change(req.Context(), func(s *state) (records []record, fail *Error) {
		numbers, records, fail = deleteSubject(s, subjectOf(req), flag(req, "permanent"))
		return records, fail
	})
	return numbers, fail
}

// compatibility answers whether a schema could be registered.
type compatibility struct {
	IsCompatible bool     `json:"is_compatible"`
	Messages     []string `json:"messages,omitzero"`
}

func (r *Registry) postCompatibility(req *http.Request) (any, *Error) {
	subject, body, fail := r.request(req)
	if fail != nil {
		return nil, fail
	}
	versions := r.state.versions(subject)
	if req.PathValue("version") != "" {
		number, fail := versionOf(req)
		if fail != nil {
			return nil, fail
		}
		v := pick(versions, number, false)
		switch {
		case v != nil:
			versions = []*version{v}
		case number == latest:
			versions = nil
		case pick(versions, latest, false) == nil:
			return nil, errSubjectNotFound(subject)
		default:
			return nil, errVersionNotFound(number)
		}
	}
	cfg := r.state.effective(subject, r.level)
	c, fail := read(r.state, subject, body, flag(req, "normalize") || cfg.Normalize != nil && *cfg.Normalize)
	if fail != nil {
		return nil, fail
	}
	problems, fail := incompatible(r.state, r.parser, cfg, c.content.language, c.parsed, inGroup(versions, cfg.Group, c.content))
	if fail != nil {
		return nil, fail
	}
	answer := compatibility{IsCompatible: len(problems) == 0}
	if flag(req, "verbose") {
		answer.Messages = append([]string{}, problems...)
	}
	return answer, nil
}
