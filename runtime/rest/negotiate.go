package rest

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

const jsonType = "application/json"

// A kind says which content negotiation applies to a route.
type kind bool

const (
	free      kind = false // takes a body of any type
	consuming kind = true
)

// negotiate follows JAX-RS: what does not accept JSON is 406, and a body of another type 415, even where no body is wanted.
func negotiate(r *http.Request, k kind) error {
	if accept(r.Header, jsonType) == nil {
		return &httpError{http.StatusNotAcceptable, "HTTP 406 Not Acceptable", true}
	}
	if k == free {
		return nil
	}
	ct, given := r.Header["Content-Type"]
	if !given {
		if r.ContentLength == 0 {
			return nil
		}
		return &httpError{http.StatusUnsupportedMediaType, "HTTP 415 Unsupported Media Type", false}
	}
	if mt, _, err := mime.ParseMediaType(ct[0]); err != nil || mt != jsonType {
		return &httpError{http.StatusUnsupportedMediaType, "HTTP 415 Unsupported Media Type", true}
	}
	return nil
}

// accept returns the parameters of the first media range that allows want, nil when none does.
func accept(h http.Header, want string) map[string]string {
	values := h.Values("Accept")
	if len(values) == 0 {
		return map[string]string{}
	}
	major, _, _ := strings.Cut(want, "/")
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		mt, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q == 0 {
			continue
		}
		if mt == want || mt == "*/*" || mt == major+"/*" {
			return params
		}
	}
	return nil
}

// contentType is that of JSON answers to a request, which may ask for its charset to be named.
func contentType(r *http.Request) string {
	if strings.EqualFold(accept(r.Header, jsonType)["charset"], "utf-8") {
		return jsonType + ";charset=utf-8"
	}
	return jsonType
}
