package schemaregistry

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/converters/protoconv/protoschema"
)

func (r *Registry) listTypes(*http.Request) (any, *Error) {
	return []string{jsonSchema, protobuf, avro}, nil
}

func (r *Registry) listSchemas(req *http.Request) (any, *Error) {
	sees, out := visible(req), []schemaObject{}
	for _, versions := range r.state.subjects(prefixOf(req)) {
		var last *version
		for _, v := range versions {
			if !sees(v) {
				continue
			}
			if last = v; !flag(req, "latestOnly") {
				out = append(out, object(v))
			}
		}
		if last != nil && flag(req, "latestOnly") {
			out = append(out, object(last))
		}
	}
	return page(req, out)
}

// identified is what the id of a path stands for.
type identified struct {
	content *content
	uses    []*version
	maxID   int32
}

// byID looks in the context of the path or of the subject that the query names; with the plain name of a subject that
// has it only in another context, there.
func (r *Registry) byID(req *http.Request, q url.Values) (identified, *Error) {
	text := req.PathValue("id")
	id, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return identified{}, errIDNotFound(text)
	}
	subject := qualify(contextOf(req), q.Get("subject"))
	name, plain := splitName(subject)
	var got identified
	if got.content, got.uses, got.maxID = r.state.byID(name, int32(id)); got.content != nil {
		return got, nil
	}
	if plain != "" && name == defaultContext {
		for _, other := range r.state.contextNames() {
			got.content, got.uses, got.maxID = r.state.byID(other, int32(id))
			if got.content != nil && slices.ContainsFunc(got.uses, func(v *version) bool { return v.subject == joinName(other, plain) }) {
				return got, nil
			}
		}
	}
	return identified{}, errIDNotFound(text)
}

// getID is what every deserializer asks for; the answer is there as bytes.
func (r *Registry) getID(req *http.Request) (any, *Error) {
	var q url.Values
	if req.URL.RawQuery != "" {
		q = req.URL.Query()
	}
	got, fail := r.byID(req, q)
	if fail != nil {
		return nil, fail
	}
	maxID := strings.EqualFold(q.Get("fetchMaxId"), "true")
	if q.Get("format") == "" && !maxID {
		return got.content.answer, nil
	}
	answer := got.content.byID()
	if answer.Schema, fail = r.formatted(req, got.uses[0]); fail != nil {
		return nil, fail
	}
	if maxID {
		answer.MaxID = got.maxID
	}
	return answer, nil
}

func (r *Registry) getIDText(req *http.Request) (any, *Error) {
	got, fail := r.byID(req, req.URL.Query())
	if fail != nil {
		return nil, fail
	}
	text, fail := r.formatted(req, got.uses[0])
	return []byte(text), fail
}

// subjectVersion names a version.
type subjectVersion struct {
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

func (r *Registry) getIDVersions(req *http.Request) (any, *Error) {
	got, fail := r.byID(req, req.URL.Query())
	if fail != nil {
		return nil, fail
	}
	sees, out := visible(req), []subjectVersion{}
	for _, v := range got.uses {
		if sees(v) && v.content.key == got.content.key {
			out = append(out, subjectVersion{v.subject, v.number})
		}
	}
	slices.SortFunc(out, func(a, b subjectVersion) int {
		if c := strings.Compare(a.Subject, b.Subject); c != 0 {
			return c
		}
		return a.Version - b.Version
	})
	return page(req, out)
}

func (r *Registry) getIDSubjects(req *http.Request) (any, *Error) {
	got, fail := r.byID(req, req.URL.Query())
	if fail != nil {
		return nil, fail
	}
	sees, names := visible(req), map[string]bool{}
	for _, v := range got.uses {
		if sees(v) && v.content.key == got.content.key {
			names[v.subject] = true
		}
	}
	return page(req, append([]string{}, slices.Sorted(maps.Keys(names))...))
}

func (r *Registry) getGUID(req *http.Request) (any, *Error) {
	c, _ := r.state.byGUID(strings.ToLower(req.PathValue("guid")))
	if c == nil {
		return nil, errIDNotFound(req.PathValue("guid"))
	}
	return c.answer, nil
}

// contextID is an id in a context.
type contextID struct {
	Context string `json:"context"`
	ID      int32  `json:"id"`
}

func (r *Registry) getGUIDIDs(req *http.Request) (any, *Error) {
	_, uses := r.state.byGUID(strings.ToLower(req.PathValue("guid")))
	if len(uses) == 0 {
		return nil, errIDNotFound(req.PathValue("guid"))
	}
	out := []contextID{}
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		out = append(out, contextID{name, uses[name]})
	}
	return out, nil
}

// formatted gives the text in the format that the query asks for: "serialized" is the base64 of a Protobuf schema's
// descriptor. All others are the text as it is stored.
func (r *Registry) formatted(req *http.Request, v *version) (string, *Error) {
	if v.content.language != protobuf || req.URL.RawQuery == "" || req.URL.Query().Get("format") != "serialized" {
		return v.content.text, nil
	}
	p, fail := r.parser.stored(r.state, v)
	if fail != nil {
		return "", fail
	}
	s, ok := p.(*protoschema.Schema)
	if !ok {
		return v.content.text, nil
	}
	text, err := s.Serialized()
	if err != nil {
		return "", errInvalidSchema("Schema %d cannot be serialized: %v", v.id, err)
	}
	return text, nil
}

// clusterID names the registry, so that clients tell one from another.
type clusterID struct {
	ID    string `json:"id"`
	Scope scopes `json:"scope"`
}

type scopes struct {
	Path     []string          `json:"path"`
	Clusters map[string]string `json:"clusters"`
}

func (r *Registry) getClusterID(*http.Request) (any, *Error) {
	kafka := ""
	if c := r.topic.cluster.Load(); c != nil {
		kafka = *c
	}
	return clusterID{"", scopes{[]string{}, map[string]string{"kafka-cluster": kafka, "schema-registry-cluster": "schema-registry"}}}, nil
}

func (r *Registry) getServerVersion(*http.Request) (any, *Error) {
	return map[string]string{"version": r.cfg.Version, "commitId": fmt.Sprintf("kurier-%s", r.cfg.Version)}, nil
}
