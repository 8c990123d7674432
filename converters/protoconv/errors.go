package protoconv

import (
	"fmt"
	"unicode/utf8"

	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/data"
)

// inField adds a field to the place of an error; nil stays nil.
func inField(err error, name string, v data.Value) error {
	if err == nil {
		return nil
	}
	return data.InField(err, name, v)
}

// below is inField where there is no value yet.
func below(err error, name string) error {
	if err == nil {
		return nil
	}
	return data.Below(err, name, "")
}

func errNull(s *data.Schema) error {
	return data.Errorf("Found null value for non-optional schema %s: make the field optional where it is made, or give a value", s)
}

func errKind(s *data.Schema, v data.Value) error {
	class := javatext.Class(v)
	const fix = ": let the value agree with its schema, with the Cast transformation for example"
	switch s.Logical() {
	case data.LogicalDecimal:
		return data.Errorf("Invalid type for Decimal, expected BigDecimal but was %s%s", class, fix)
	case data.LogicalDate:
		return data.Errorf("Invalid type for Date, expected Date but was %s%s", class, fix)
	case data.LogicalTime:
		return data.Errorf("Invalid type for Time, expected Date but was %s%s", class, fix)
	case data.LogicalTimestamp:
		return data.Errorf("Invalid type for Timestamp, expected Date but was %s%s", class, fix)
	}
	return data.Errorf("Invalid type for %s: %s%s", s.Type(), class, fix)
}

func serializing(topic string, err error) error {
	//lint:ignore ST1005 the text is Confluent's
	return fmt.Errorf("Failed to serialize Protobuf data from topic %s: %w", topic, err)
}

func deserializing(topic string, err error) error {
	//lint:ignore ST1005 the text is Confluent's
	return fmt.Errorf("Failed to deserialize data for topic %s to Protobuf: %w", topic, err)
}

const mostBytesShown = 30

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
	show := fmt.Sprintf("%q", b[:min(len(b), mostBytesShown)])
	return deserializing(topic, &data.Error{Msg: fmt.Sprintf("%s The %d bytes begin with %s; %s", subject.ErrUnknownMagic, len(b), show, hint)})
}

// misread explains a body that does not fit its schema.
func misread(id subject.ID) string {
	if id.ByGUID() {
		return "the bytes do not fit the schema that they name; their producer wrote with another schema, or they were damaged"
	}
	return data.Errorf("the bytes do not fit the schema with id %d; their producer wrote with another schema or uses another registry, or they were damaged", id.Num).Error()
}
