package avroconv

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/data"
)

// A placedError says where in a value the trouble is. It is built on the way out, from the innermost field.
type placedError struct {
	path string
	err  error
}

func (e *placedError) Error() string { return e.err.Error() + " (field " + e.path + ")" }

func (e *placedError) Unwrap() error { return e.err }

// at adds a step to the place of an error: a field name, or [] and {} for elements.
func at(err error, step string) error {
	if p, ok := errors.AsType[*placedError](err); ok {
		if strings.HasPrefix(p.path, "[") || strings.HasPrefix(p.path, "{") {
			p.path = step + p.path
		} else {
			p.path = step + "." + p.path
		}
		return p
	}
	return &placedError{step, err}
}

func elementStep(i int) string { return fmt.Sprintf("[%d]", i) }

func entryStep(k data.Value) string { return "{" + brief(k) + "}" }

const briefLength = 60

// brief prints the beginning of a value.
func brief(v data.Value) string {
	switch v.Kind() {
	case data.KindString:
		return fmt.Sprintf("%q", cut(v.Str()))
	case data.KindBytes:
		b := v.Bytes()
		return fmt.Sprintf("%d bytes %x", len(b), b[:min(len(b), briefLength/2)])
	case data.KindArray:
		return fmt.Sprintf("an array of %d", len(v.Array()))
	case data.KindMap:
		return fmt.Sprintf("a map of %d", v.Map().Len())
	case data.KindStruct:
		return "a struct " + v.Struct().Schema().String()
	}
	return cut(v.String())
}

func cut(s string) string {
	if len(s) <= briefLength {
		return s
	}
	n := briefLength
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

func errNull(s *data.Schema) error {
	return data.Errorf("Found null value for non-optional schema %s: make the field optional where it is made, or give a value", s)
}

func errKind(s *data.Schema, v data.Value) error {
	class := javatext.Class(v)
	const fix = ": let the value agree with its schema, with the Cast transformation for example"
	switch s.Logical() {
	case data.LogicalDecimal:
		return data.Errorf("Invalid type for Decimal, expected BigDecimal but was %s %s%s", class, brief(v), fix)
	case data.LogicalDate:
		return data.Errorf("Invalid type for Date, expected Date but was %s %s%s", class, brief(v), fix)
	case data.LogicalTime:
		return data.Errorf("Invalid type for Time, expected Date but was %s %s%s", class, brief(v), fix)
	case data.LogicalTimestamp:
		return data.Errorf("Invalid type for Timestamp, expected Date but was %s %s%s", class, brief(v), fix)
	}
	return data.Errorf("Invalid type for %s: %s %s%s", s.Type(), class, brief(v), fix)
}

func serializing(topic string, err error) error {
	return fmt.Errorf("Failed to serialize Avro data from topic %s: %w", topic, err) // Confluent's text
}

func deserializing(topic string, err error) error {
	return fmt.Errorf("Failed to deserialize data for topic %s to Avro: %w", topic, err) // Confluent's text
}

// unknownBytes explains bytes that do not begin with a schema id.
func unknownBytes(topic string, b []byte, role string) error {
	hint := "they were not written by a serializer that uses the schema registry: set " + role + ".converter to the converter of the producer's format, such as org.apache.kafka.connect.storage.StringConverter or org.apache.kafka.connect.converters.ByteArrayConverter"
	switch {
	case len(b) > 0 && (b[0] == '{' || b[0] == '['):
		hint = "this looks like JSON: set " + role + ".converter=org.apache.kafka.connect.json.JsonConverter (and " + role + ".converter.schemas.enable=false if the messages hold no schema)"
	case len(b) > 0 && b[0] <= 1:
		hint = "the message is too short to hold a schema id: it was cut or written by something else"
	case utf8.Valid(b) && len(b) > 0:
		hint = "this looks like text: set " + role + ".converter=org.apache.kafka.connect.storage.StringConverter"
	}
	show := fmt.Sprintf("%q", b[:min(len(b), briefLength/2)])
	return deserializing(topic, &data.Error{Msg: fmt.Sprintf("%s The %d bytes begin with %s; %s", subject.ErrUnknownMagic, len(b), show, hint)})
}
