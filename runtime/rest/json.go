package rest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A document is the body of a request. What follows its first JSON value is ignored, and of two members of one name the last counts,
// both as in Kafka Connect.
type document []byte

// A member is a value in a document, and where it begins.
type member struct {
	raw jsontext.Value
	at  int
}

func (m member) null() bool { return m.raw == nil || m.raw.Kind() == 'n' }

// parse returns the whole of a body.
func parse(body []byte) (document, member) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	return body, member{raw: body}
}

// object reads the members of an object.
func (d document) object(m member, what string) (map[string]member, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(m.raw), jsontext.AllowDuplicateNames(true))
	if k := dec.PeekKind(); k != '{' && k != jsontext.KindInvalid {
		return nil, d.shape(m, what, "Object")
	}
	out := map[string]member{}
	if _, err := dec.ReadToken(); err != nil {
		return nil, d.malformed(m, err)
	}
	for {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, d.malformed(m, err)
		}
		if name.Kind() == '}' {
			return out, nil
		}
		key := name.String()
		v, err := dec.ReadValue()
		if err != nil {
			return nil, d.malformed(m, err)
		}
		end := int(dec.InputOffset())
		out[key] = member{jsontext.Value(m.raw[end-len(v) : end]), m.at + end - len(v)}
	}
}

// text turns a value into the string that Kafka Connect makes of it: numbers and booleans keep their literal text. null is nil.
func (d document) text(m member, key string) (*string, error) {
	switch m.raw.Kind() {
	case 'n':
		return nil, nil
	case '"':
		b, err := jsontext.AppendUnquote(nil, m.raw)
		if err != nil {
			return nil, d.malformed(m, err)
		}
		return new(string(b)), nil
	case '{', '[':
		return nil, d.shape(m, fmt.Sprintf("%q", key), "String")
	}
	return new(string(m.raw)), nil
}

// texts is text for all members of an object.
func (d document) texts(members map[string]member) (map[string]*string, error) {
	out := make(map[string]*string, len(members))
	for k, m := range members {
		s, err := d.text(m, k)
		if err != nil {
			return nil, err
		}
		out[k] = s
	}
	return out, nil
}

// config reads a whole configuration. Kafka Connect takes nulls for keys of the plugin and fails at start; here they are refused at once.
func (d document) config(members map[string]member) (map[string]string, error) {
	values, err := d.texts(members)
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
	if nulls != nil {
		return nil, nullError(nulls)
	}
	return out, nil
}

// malformed says where a body stops being JSON. It quotes no more than a character of it, since bodies hold secrets.
func (d document) malformed(m member, err error) error {
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok && !errors.Is(err, io.ErrUnexpectedEOF) {
		return d.bad(m.at+int(e.ByteOffset), "Malformed JSON: "+e.Err.Error())
	}
	return d.bad(len(d), "Malformed JSON: the body ends where more of a JSON object is expected")
}

// shape says that a value is of another type than wanted. Tools match its beginning.
func (d document) shape(m member, what, want string) error {
	at := m.at + len(m.raw) - len(bytes.TrimLeft(m.raw, " \t\r\n"))
	got := map[byte]string{'{': "Object", '[': "Array", '"': "String", 't': "Boolean", 'f': "Boolean", 'n': "Null"}[d[at]]
	if got == "" {
		got = "Number"
	}
	return d.bad(at, fmt.Sprintf("Cannot deserialize value of type %s from %s value for %s", want, got, what))
}

// bad is the 400 for what is wrong at an offset.
func (d document) bad(at int, what string) error {
	at = max(0, min(at, len(d)))
	line := 1 + bytes.Count(d[:at], []byte("\n"))
	column := at - bytes.LastIndexByte(d[:at], '\n')
	return badRequest("%s (line %d, column %d)", strings.TrimPrefix(what, "jsontext: "), line, column)
}

func badRequest(format string, args ...any) error {
	return &httpError{status: http.StatusBadRequest, msg: fmt.Sprintf(format, args...)}
}
