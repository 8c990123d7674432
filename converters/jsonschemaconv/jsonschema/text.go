package jsonschema

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxExponent bounds the exponent of a number: exact arithmetic on 1e999999999 takes gigabytes.
const maxExponent = 400

// maxDepth bounds how deep objects and arrays are nested.
const maxDepth = 1000

// Compact returns the JSON text without insignificant space, strings in their shortest form, members and numbers as
// they are. It refuses malformed text, a name given twice in an object, and numbers too large to calculate with.
func Compact(text string) (string, error) {
	var out bytes.Buffer
	out.Grow(len(text))
	in := jsontext.NewDecoder(strings.NewReader(text))
	enc := jsontext.NewEncoder(&out)
	for first := true; first || in.StackDepth() > 0; first = false {
		if err := next(in, enc); err != nil {
			return "", malformed(text, in, err)
		}
	}
	if _, err := in.ReadToken(); !errors.Is(err, io.EOF) {
		return "", errors.New("JSON: there is more than one value")
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

func malformed(text string, in *jsontext.Decoder, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("JSON: the text ends too early")
	}
	at := in.InputOffset()
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		at = syntax.ByteOffset
	}
	line, col := position(text, int(at))
	return fmt.Errorf("JSON: line %d, column %d: %w", line, col, err)
}

// next copies one token.
func next(in *jsontext.Decoder, out *jsontext.Encoder) error {
	if in.PeekKind() == '0' {
		v, err := in.ReadValue()
		if err != nil {
			return err
		}
		if err := checkNumber(v); err != nil {
			return err
		}
		return out.WriteValue(v)
	}
	t, err := in.ReadToken()
	if err != nil {
		return err
	}
	if in.StackDepth() > maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	return out.WriteToken(t)
}

func checkNumber(v []byte) error {
	_, exp, found := strings.Cut(strings.ToLower(string(v)), "e")
	if !found {
		return nil
	}
	if n, err := strconv.Atoi(exp); err != nil || n > maxExponent || n < -maxExponent {
		return fmt.Errorf("number %.40s: its exponent is beyond %d", v, maxExponent)
	}
	return nil
}

func position(text string, offset int) (line, col int) {
	before := text[:min(offset, len(text))]
	return strings.Count(before, "\n") + 1, len(before) - strings.LastIndexByte(before, '\n')
}

// sorted returns compact JSON with the members of its objects in the order of their names.
func sorted(compact string) string {
	in := jsontext.NewDecoder(strings.NewReader(compact))
	return string(appendSorted(make([]byte, 0, len(compact)), in))
}

// appendSorted appends the next value; the text has been parsed before and is not malformed.
func appendSorted(dst []byte, in *jsontext.Decoder) []byte {
	switch in.PeekKind() {
	case '{':
		must(in.ReadToken())
		type member struct{ name, text string }
		var members []member
		for in.PeekKind() != '}' {
			name := string(must(in.ReadValue()))
			members = append(members, member{name, string(appendSorted(nil, in))})
		}
		must(in.ReadToken())
		slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
		dst = append(dst, '{')
		for i, m := range members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(append(dst, m.name...), ':'), m.text...)
		}
		return append(dst, '}')
	case '[':
		must(in.ReadToken())
		dst = append(dst, '[')
		for i := 0; in.PeekKind() != ']'; i++ {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendSorted(dst, in)
		}
		must(in.ReadToken())
		return append(dst, ']')
	default:
		return append(dst, must(in.ReadValue())...)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic("jsonschema: parsed JSON became malformed: " + err.Error())
	}
	return v
}
