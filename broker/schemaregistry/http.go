package schemaregistry

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	contentType = "application/vnd.schemaregistry.v1+json"
	maxBody     = 4 << 20 // a schema's text may need more bytes in JSON than it has
	maxPosts    = 16
	// realm is what Confluent's registry calls itself to browsers, by default.
	realm = `Basic realm="SchemaRegistry"`
)

// endpoint answers a request with what becomes JSON, or with bytes that are JSON already.
type endpoint func(*http.Request) (any, *Error)

// routes has every path twice: as it is, and below /contexts/{context}.
func (r *Registry) routes() map[string]endpoint {
	return map[string]endpoint{
		"GET /subjects":                                             r.listSubjects,
		"GET /subjects/{subject}/versions":                          r.listVersions,
		"POST /subjects/{subject}/versions":                         r.postVersion,
		"POST /subjects/{subject}":                                  r.postLookUp,
		"DELETE /subjects/{subject}":                                r.deleteSubject,
		"GET /subjects/{subject}/versions/{version}":                r.getVersion,
		"DELETE /subjects/{subject}/versions/{version}":             r.deleteVersion,
		"GET /subjects/{subject}/versions/{version}/schema":         r.getVersionText,
		"GET /subjects/{subject}/versions/{version}/referencedby":   r.getReferrers,
		"GET /schemas":                                              r.listSchemas,
		"GET /schemas/types":                                        r.listTypes,
		"GET /schemas/ids/{id}":                                     r.getID,
		"GET /schemas/ids/{id}/schema":                              r.getIDText,
		"GET /schemas/ids/{id}/subjects":                            r.getIDSubjects,
		"GET /schemas/ids/{id}/versions":                            r.getIDVersions,
		"GET /schemas/guids/{guid}":                                 r.getGUID,
		"GET /schemas/guids/{guid}/ids":                             r.getGUIDIDs,
		"GET /config":                                               r.getConfig,
		"PUT /config":                                               r.putConfig,
		"DELETE /config":                                            r.deleteConfig,
		"GET /config/{subject}":                                     r.getConfig,
		"PUT /config/{subject}":                                     r.putConfig,
		"DELETE /config/{subject}":                                  r.deleteConfig,
		"GET /mode":                                                 r.getMode,
		"PUT /mode":                                                 r.putMode,
		"DELETE /mode":                                              r.deleteMode,
		"GET /mode/{subject}":                                       r.getMode,
		"PUT /mode/{subject}":                                       r.putMode,
		"DELETE /mode/{subject}":                                    r.deleteMode,
		"POST /compatibility/subjects/{subject}/versions":           r.postCompatibility,
		"POST /compatibility/subjects/{subject}/versions/{version}": r.postCompatibility,
	}
}

// handler is the whole API.
func (r *Registry) handler() http.Handler {
	mux, known := http.NewServeMux(), http.NewServeMux()
	handle := func(pattern string, e endpoint) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) { r.serve(w, req, e) })
		known.HandleFunc(pattern, http.NotFound)
	}
	for pattern, e := range r.routes() {
		handle(pattern, e)
		method, path, _ := strings.Cut(pattern, " ")
		handle(method+" /contexts/{context}"+path, e)
	}
	for pattern, e := range map[string]endpoint{
		"GET /{$}":            func(*http.Request) (any, *Error) { return struct{}{}, nil },
		"GET /contexts":       func(*http.Request) (any, *Error) { return r.state.contextNames(), nil },
		"GET /v1/metadata/id": r.getClusterID, "GET /v1/metadata/version": r.getServerVersion,
	} {
		handle(pattern, e)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		r.serve(w, req, func(req *http.Request) (any, *Error) { return nil, unknown(known, req) })
	})
	return mux
}

// unknown tells a path that is not there from a method that is not.
func unknown(known *http.ServeMux, req *http.Request) *Error {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		other := req.Clone(req.Context())
		other.Method = method
		if _, pattern := known.Handler(other); pattern != "" {
			return errorf(http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed")
		}
	}
	return errorf(http.StatusNotFound, "HTTP 404 Not Found")
}

// serve does what is the same for all requests.
func (r *Registry) serve(w http.ResponseWriter, req *http.Request, e endpoint) {
	if !r.requests.enter() {
		return // the server is closed
	}
	defer r.requests.inside.Done()
	h := w.Header()
	h.Set("Content-Type", accepted(req.Header.Get("Accept")))
	if r.cfg.Auth != nil {
		if user, pass, ok := req.BasicAuth(); !ok || !r.cfg.Auth(user, pass) {
			h.Set("WWW-Authenticate", realm)
			writeError(w, errorf(http.StatusUnauthorized, "Unauthorized"))
			return
		}
	}
	select {
	case <-r.ready:
	default:
		h.Set("Retry-After", "1")
		writeError(w, errNotReady())
		return
	}
	if req.Method == http.MethodPost || req.Method == http.MethodPut {
		select {
		case r.posts <- struct{}{}:
			defer func() { <-r.posts }()
		case <-req.Context().Done():
			return
		}
		req.Body = http.MaxBytesReader(w, req.Body, maxBody)
	}
	answer, fail := e(req)
	if fail != nil {
		writeError(w, fail)
		return
	}
	body, ok := answer.([]byte)
	if !ok {
		body = encode(answer)
	}
	write(w, http.StatusOK, body)
}

// accepted chooses the type to answer with; what is not known gets the first one.
func accepted(accept string) string {
	if accept == "" || accept == contentType {
		return contentType
	}
	for a := range strings.SplitSeq(accept, ",") {
		a, _, _ = strings.Cut(strings.TrimSpace(a), ";")
		switch a {
		case contentType, "application/vnd.schemaregistry+json", "application/json":
			return a
		}
	}
	return contentType
}

func writeError(w http.ResponseWriter, e *Error) {
	clean := *e
	clean.Message = strings.ToValidUTF8(e.Message, "\uFFFD")
	write(w, e.status(), encode(clean))
}

func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone; there is nobody to tell
}

// readBody reads JSON into v.
func readBody(req *http.Request, v any) *Error {
	body, err := io.ReadAll(req.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errorf(42209, "The request is too large: it has at most %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return errorf(http.StatusBadRequest, "The request could not be read: %v", err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		at := 0
		if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
			at = int(syntax.ByteOffset)
		}
		if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
			at = int(semantic.ByteOffset)
		}
		before := string(body[:min(at, len(body))])
		return errorf(http.StatusBadRequest, "Malformed request, line %d, column %d: %v", strings.Count(before, "\n")+1, len(before)-strings.LastIndexByte(before, '\n'), err)
	}
	return nil
}

// contextOf is the context that the path asks for, "" for none.
func contextOf(req *http.Request) string {
	name := strings.Trim(req.PathValue("context"), ":")
	if name != "" && !strings.HasPrefix(name, ".") {
		name = "." + name
	}
	return name
}

// subjectOf is the subject of the path, in the context of the path unless it names one.
func subjectOf(req *http.Request) string { return qualify(contextOf(req), req.PathValue("subject")) }

func qualify(context, subject string) string {
	if context == "" || strings.HasPrefix(subject, ":.") {
		return plainName(subject)
	}
	return joinName(context, subject)
}

func flag(req *http.Request, name string) bool {
	return strings.EqualFold(req.URL.Query().Get(name), "true")
}

// versionOf reads the version of the path; latest for "latest" and -1.
func versionOf(req *http.Request) (int, *Error) {
	text := req.PathValue("version")
	if text == "latest" || text == "-1" {
		return latest, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return 0, errInvalidVersion(text)
	}
	return int(n), nil
}

// page cuts a list as offset and limit ask for.
func page[T any](req *http.Request, list []T) ([]T, *Error) {
	from, limit := 0, -1
	for name, into := range map[string]*int{"offset": &from, "limit": &limit} {
		if text := req.URL.Query().Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil {
				return nil, errorf(http.StatusBadRequest, "%s=%s is no number", name, text)
			}
			*into = n
		}
	}
	list = list[min(max(from, 0), len(list)):]
	if limit >= 0 {
		list = list[:min(limit, len(list))]
	}
	return list, nil
}
