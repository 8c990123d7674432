package avroschema

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kurier-io/kurier/plugins/data"
)

// A JSONKind is the kind of a JSON value.
type JSONKind uint8

// The kinds of JSON values. Numbers are told apart by how they are written: Java keeps integers exact and makes doubles of others.
const (
	JSONNull JSONKind = iota + 1
	JSONBool
	JSONInt
	JSONFloat
	JSONString
	JSONArray
	JSONObject
)

// A Value is a JSON value: a default or a property.
type Value struct {
	Kind    JSONKind
	Bool    bool
	Text    string // of strings, and the digits of a JSONInt
	Float   float64
	Single  bool // a JSONFloat of 32 bits, which is printed with fewer digits
	Elems   []Value
	Members []Member
}

// A Member is a name and a value of an object, or a property.
type Member struct {
	Name  string
	Value Value
}

// Get returns a member of an object.
func (v Value) Get(name string) (Value, bool) { return find(v.Members, name) }

// Int returns an integer and whether it fits.
func (v Value) Int() (int64, bool) {
	if v.Kind != JSONInt {
		return 0, false
	}
	i, err := strconv.ParseInt(v.Text, 10, 64)
	return i, err == nil
}

const (
	maxText   = 1 << 20 // bytes of a schema's text
	maxNest   = 500     // levels of JSON
	maxDigits = 1000    // of a number; Jackson's limit
)

type jsonReader struct {
	s string
	i int
}

func readJSON(text string) (Value, error) {
	if len(text) > maxText {
		return Value{}, fmt.Errorf("the schema has %d bytes, more than the %d that are allowed", len(text), maxText)
	}
	r := jsonReader{s: text}
	v, err := r.value(0)
	if err == nil {
		if err = r.space(); err == nil && r.i < len(r.s) {
			err = r.fail("dangling content after end of schema")
		}
	}
	return v, err
}

func (r *jsonReader) fail(msg string) error {
	line := 1 + strings.Count(r.s[:r.i], "\n")
	return fmt.Errorf("%s at line %d, column %d of the schema", msg, line, r.i-strings.LastIndexByte(r.s[:r.i], '\n'))
}

// space skips white space and comments, which Avro's parser allows.
func (r *jsonReader) space() error {
	for r.i < len(r.s) {
		switch c := r.s[r.i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			r.i++
		case strings.HasPrefix(r.s[r.i:], "//"):
			if n := strings.IndexByte(r.s[r.i:], '\n'); n >= 0 {
				r.i += n
			} else {
				r.i = len(r.s)
			}
		case strings.HasPrefix(r.s[r.i:], "/*"):
			n := strings.Index(r.s[r.i+2:], "*/")
			if n < 0 {
				return r.fail("unterminated comment")
			}
			r.i += n + 4
		default:
			return nil
		}
	}
	return nil
}

func (r *jsonReader) value(depth int) (Value, error) {
	if err := r.space(); err != nil {
		return Value{}, err
	}
	if depth > maxNest {
		return Value{}, r.fail(fmt.Sprintf("more than %d levels of nesting", maxNest))
	}
	if r.i >= len(r.s) {
		return Value{}, r.fail("unexpected end")
	}
	switch c := r.s[r.i]; {
	case c == '{':
		return r.object(depth)
	case c == '[':
		return r.array(depth)
	case c == '"':
		s, err := r.str()
		return Value{Kind: JSONString, Text: s}, err
	case c == '-' || c >= '0' && c <= '9':
		return r.number()
	}
	for word, v := range map[string]Value{"null": {Kind: JSONNull}, "true": {Kind: JSONBool, Bool: true}, "false": {Kind: JSONBool}} {
		if strings.HasPrefix(r.s[r.i:], word) {
			r.i += len(word)
			return v, nil
		}
	}
	return Value{}, r.fail("not JSON")
}

// more steps over the comma between elements, or over the closing bracket.
func (r *jsonReader) more(first bool, end byte) (bool, error) {
	if err := r.space(); err != nil {
		return false, err
	}
	switch {
	case r.i >= len(r.s):
		return false, r.fail("unexpected end")
	case r.s[r.i] == end:
		r.i++
		return false, nil
	case first:
		return true, nil
	case r.s[r.i] != ',':
		return false, r.fail("expected a comma")
	}
	r.i++
	return true, r.space()
}

func (r *jsonReader) array(depth int) (Value, error) {
	v := Value{Kind: JSONArray}
	r.i++
	for first := true; ; first = false {
		more, err := r.more(first, ']')
		if err != nil || !more {
			return v, err
		}
		e, err := r.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.Elems = append(v.Elems, e)
	}
}

// object keeps the last of equal names in the place of the first, as Jackson's trees do.
func (r *jsonReader) object(depth int) (Value, error) {
	v := Value{Kind: JSONObject}
	var at map[string]int
	r.i++
	for first := true; ; first = false {
		more, err := r.more(first, '}')
		if err != nil || !more {
			return v, err
		}
		if r.i >= len(r.s) || r.s[r.i] != '"' {
			return v, r.fail("expected a name in quotes")
		}
		name, err := r.str()
		if err != nil {
			return v, err
		}
		if err := r.space(); err != nil {
			return v, err
		}
		if r.i >= len(r.s) || r.s[r.i] != ':' {
			return v, r.fail("expected a colon")
		}
		r.i++
		e, err := r.value(depth + 1)
		if err != nil {
			return v, err
		}
		if at == nil {
			at = map[string]int{}
		}
		if i, dup := at[name]; dup {
			v.Members[i].Value = e
			continue
		}
		at[name] = len(v.Members)
		v.Members = append(v.Members, Member{name, e})
	}
}

func (r *jsonReader) number() (Value, error) {
	start := r.i
	for r.i < len(r.s) && strings.IndexByte("+-0123456789.eE", r.s[r.i]) >= 0 {
		r.i++
	}
	text := r.s[start:r.i]
	digits := strings.TrimPrefix(text, "-")
	if len(text) > maxDigits || digits == "" || len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' || strings.HasPrefix(digits, ".") || strings.HasSuffix(digits, ".") || strings.Contains(digits, ".e") || strings.Contains(digits, ".E") {
		return Value{}, r.fail("bad number")
	}
	if strings.Trim(digits, "0123456789") == "" {
		if digits == "0" {
			text = "0"
		}
		return Value{Kind: JSONInt, Text: text}, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return Value{}, r.fail("bad number")
	}
	return Value{Kind: JSONFloat, Float: f}, nil
}

func (r *jsonReader) str() (string, error) {
	r.i++
	start := r.i
	for r.i < len(r.s) && r.s[r.i] != '"' && r.s[r.i] != '\\' && r.s[r.i] >= ' ' {
		r.i++
	}
	if r.i < len(r.s) && r.s[r.i] == '"' {
		r.i++
		return strings.ToValidUTF8(r.s[start:r.i-1], "\uFFFD"), nil
	}
	b := []byte(r.s[start:r.i])
	for r.i < len(r.s) {
		c := r.s[r.i]
		switch {
		case c == '"':
			r.i++
			return strings.ToValidUTF8(string(b), "\uFFFD"), nil
		case c < ' ':
			return "", r.fail("control character in a string")
		case c != '\\':
			b = append(b, c)
			r.i++
		default:
			var err error
			if b, err = r.escape(b); err != nil {
				return "", err
			}
		}
	}
	return "", r.fail("unterminated string")
}

func (r *jsonReader) escape(b []byte) ([]byte, error) {
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if r.i+1 >= len(r.s) {
		return b, r.fail("unterminated string")
	}
	if n := strings.IndexByte(from, r.s[r.i+1]); n >= 0 {
		r.i += 2
		return append(b, to[n]), nil
	}
	c, ok := r.hex()
	if !ok {
		return b, r.fail("bad escape")
	}
	if utf16.IsSurrogate(c) {
		mark := r.i
		low, ok := r.hex()
		if both := utf16.DecodeRune(c, low); ok && both != utf8.RuneError {
			c = both
		} else {
			r.i, c = mark, utf8.RuneError
		}
	}
	return utf8.AppendRune(b, c), nil
}

func (r *jsonReader) hex() (rune, bool) {
	if r.i+6 > len(r.s) || r.s[r.i] != '\\' || r.s[r.i+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(r.s[r.i+2:r.i+6], 16, 16)
	if err != nil {
		return 0, false
	}
	r.i += 6
	return rune(n), true
}

// Append appends the value as Jackson prints it.
func (v Value) Append(dst []byte) []byte {
	switch v.Kind {
	case JSONBool:
		return strconv.AppendBool(dst, v.Bool)
	case JSONInt:
		return append(dst, v.Text...)
	case JSONFloat:
		bits := 64
		if v.Single {
			bits = 32
		}
		if math.IsNaN(v.Float) || math.IsInf(v.Float, 0) {
			return append(data.AppendFloat(append(dst, '"'), v.Float, bits), '"')
		}
		return data.AppendFloat(dst, v.Float, bits)
	case JSONString:
		return appendString(dst, v.Text)
	case JSONArray:
		dst = append(dst, '[')
		for i, e := range v.Elems {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = e.Append(dst)
		}
		return append(dst, ']')
	case JSONObject:
		dst = append(dst, '{')
		for i, m := range v.Members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = m.Value.Append(append(appendString(dst, m.Name), ':'))
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// appendString appends a JSON string as Jackson prints it: only quotes, backslashes and control characters are escaped.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			dst = append(dst, c)
			continue
		}
		if n := strings.IndexByte("\"\\\b\f\n\r\t", c); n >= 0 {
			dst = append(dst, '\\', `"\bfnrt`[n])
		} else {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(dst, '"')
}
