package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// decode reads one JSON value; what follows it is ignored, as Kafka Connect does. A body that is not JSON is a 400 that says where.
func decode(body []byte, into any) error {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(body) {
		return badJSON(body, firstInvalid(body), "not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	err := d.Decode(into)
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return badJSON(body, int(e.Offset)-1, e.Error())
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		where := ""
		if e.Field != "" {
			where = " for " + e.Field
		}
		return badJSON(body, int(e.Offset), fmt.Sprintf("Cannot deserialize value of type %s from JSON %s%s", typeWord(e.Type.String()), e.Value, where))
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return badJSON(body, len(body), "the body ends too early; a JSON object is expected")
	}
	return &httpError{status: http.StatusBadRequest, msg: "Malformed JSON: " + err.Error()}
}

func typeWord(t string) string {
	switch {
	case strings.HasPrefix(t, "map"), strings.Contains(t, "."):
		return "object"
	case strings.HasPrefix(t, "[]"):
		return "array"
	}
	return t
}

func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

func badJSON(body []byte, at int, what string) error {
	at = max(0, min(at, len(body)))
	line := 1 + bytes.Count(body[:at], []byte("\n"))
	col := at - bytes.LastIndexByte(body[:at], '\n')
	return &httpError{status: http.StatusBadRequest, msg: fmt.Sprintf("Malformed JSON at line %d, column %d: %s", line, col, what)}
}

// configValues turns JSON values into strings: numbers and booleans keep their literal text. null becomes a nil pointer.
func configValues(raw map[string]json.RawMessage) (map[string]*string, error) {
	out := make(map[string]*string, len(raw))
	for k, v := range raw {
		switch v[0] {
		case 'n':
			out[k] = nil
		case '"':
			var s string
			if err := json.Unmarshal(v, &s); err != nil {
				return nil, &httpError{status: http.StatusBadRequest, msg: fmt.Sprintf("Malformed JSON in the value of %q: %v", k, err)}
			}
			out[k] = &s
		case '{', '[':
			return nil, &httpError{status: http.StatusBadRequest, msg: fmt.Sprintf("Cannot deserialize value of type `java.lang.String` for configuration %q: give a string, number or boolean, not a nested value", k)}
		default:
			s := string(v)
			out[k] = &s
		}
	}
	return out, nil
}

// config reads a whole configuration. Kafka Connect takes nulls for keys of the plugin and fails at start; here they are refused at once.
func decodeConfig(raw map[string]json.RawMessage) (map[string]string, error) {
	values, err := configValues(raw)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(values))
	var nulls []string
	for k, v := range values {
		if v == nil {
			nulls = append(nulls, k)
			continue
		}
		out[k] = *v
	}
	if len(nulls) > 0 {
		return nil, nullError(nulls)
	}
	return out, nil
}
