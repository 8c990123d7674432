package data

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A PlaceError says where in a value something is wrong, and what stands there. The text begins with that of the cause.
type PlaceError struct {
	Path  string // such as address.lines[2]
	Found string // kind and value, bounded; empty: not known
	Err   error
}

func (e *PlaceError) Error() string {
	s := e.Err.Error() + " (field " + e.Path
	if e.Found != "" {
		s += ", found " + e.Found
	}
	return s + ")"
}

// Unwrap returns the cause.
func (e *PlaceError) Unwrap() error { return e.Err }

// InField wraps err with the field in which it happened; v is the field's value. Called on the way out of nested values, it makes a path
// whose value is the innermost.
func InField(err error, name string, v Value) error { return Below(err, name, Excerpt(name, v)) }

// Below is InField for values that are not there yet, such as those of a text that is being read; found may be empty.
func Below(err error, name, found string) error {
	if p, ok := err.(*PlaceError); ok { //nolint:errorlint // only what this package has just wrapped
		sep := "."
		if strings.HasPrefix(p.Path, "[") || strings.HasPrefix(p.Path, "{") {
			sep = ""
		}
		return &PlaceError{name + sep + p.Path, p.Found, p.Err}
	}
	return &PlaceError{name, found, err}
}

// InElement is InField for an element of an array.
func InElement(err error, i int, v Value) error { return InField(err, "["+strconv.Itoa(i)+"]", v) }

// mostShown bounds what an error shows of a value.
const mostShown = 60

var secretWords = []string{"password", "passwd", "secret", "token", "credential", "apikey", "api_key", "private_key"}

// Secret reports whether a field's name says that its value must not be shown.
func Secret(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(name, w) })
}

// Excerpt shows kind and value for an error: STRING "abc…". The value of a field whose name says that it is secret is not shown.
func Excerpt(name string, v Value) string {
	if v.IsNull() {
		return "null"
	}
	kind := excerptKinds[v.Kind()]
	if Secret(name) {
		return kind + " [hidden]"
	}
	switch v.Kind() {
	case KindArray:
		return kind + " of " + strconv.Itoa(len(v.Array()))
	case KindMap:
		return kind + " of " + strconv.Itoa(v.Map().Len())
	case KindStruct:
		return kind + " " + v.Struct().Schema().Name()
	case KindBytes:
		return kind + " of " + strconv.Itoa(len(v.Bytes()))
	case KindString:
		return kind + " " + strconv.Quote(Shorten(v.Str()))
	}
	return kind + " " + Shorten(v.String())
}

var excerptKinds = [...]string{
	KindNull: "null", KindBool: "BOOLEAN", KindInt8: "INT8", KindInt16: "INT16", KindInt32: "INT32", KindInt64: "INT64", KindFloat32: "FLOAT32",
	KindFloat64: "FLOAT64", KindString: "STRING", KindBytes: "BYTES", KindDecimal: "Decimal", KindTimestamp: "Date", KindArray: "ARRAY", KindMap: "MAP",
	KindStruct: "STRUCT",
}

// Shorten cuts text that an error is to show.
func Shorten(s string) string {
	if len(s) <= mostShown {
		return s
	}
	cut := mostShown
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// Cause returns the error without its place, for those who compare texts with Java's.
func Cause(err error) error {
	if p, ok := errors.AsType[*PlaceError](err); ok {
		return p.Err
	}
	return err
}
