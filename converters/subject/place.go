package subject

import (
	"encoding/hex"
	"errors"
	"strings"

	"github.com/kurier-io/kurier/plugins/connect"
)

// A placement says where schema ids stand.
type placement struct {
	header   string // its name
	inHeader bool   // written there
	prefixed bool   // read in front of the bytes only
}

func (s *Settings) placement(isKey bool) (placement, error) {
	side, writer, reader := "value", s.ValueSerializer, s.ValueReader
	if isKey {
		side, writer, reader = "key", s.KeySerializer, s.KeyReader
	}
	p := placement{header: "__" + side + "_schema_id"}
	switch simple(writer) {
	case "PrefixSchemaIdSerializer":
	case "HeaderSchemaIdSerializer":
		p.inHeader = true
	default:
		return p, connect.ConfigErr(side+".schema.id.serializer", "unknown class "+writer, "use PrefixSchemaIdSerializer or HeaderSchemaIdSerializer of io.confluent.kafka.serializers.schema.id")
	}
	switch simple(reader) {
	case "DualSchemaIdDeserializer":
	case "PrefixSchemaIdDeserializer":
		p.prefixed = true
	default:
		return p, connect.ConfigErr(side+".schema.id.deserializer", "unknown class "+reader, "use DualSchemaIdDeserializer or PrefixSchemaIdDeserializer of io.confluent.kafka.serializers.schema.id")
	}
	return p, nil
}

func simple(class string) string { return class[strings.LastIndexByte(class, '.')+1:] }

// A Mark ties bytes to a schema: a prefix in front of them, or headers beside them.
type Mark struct {
	Prefix  []byte
	Headers []connect.RawHeader
}

// errNoGUID: registries give GUIDs since 2025.
var errNoGUID = errors.New("the schema registry gives schemas no GUID, which HeaderSchemaIdSerializer needs: use PrefixSchemaIdSerializer")

// Mark returns what goes with the bytes of a schema; more is what follows the id, such as the indexes of a Protobuf message.
func (c *Client) Mark(r Registered, more []byte) (Mark, error) {
	if !c.place.inHeader {
		return Mark{Prefix: append(AppendID(nil, r.ID), more...)}, nil
	}
	guid, err := hex.DecodeString(strings.ReplaceAll(r.GUID, "-", ""))
	if err != nil || len(guid) != 16 {
		return Mark{}, errNoGUID
	}
	value := append(append([]byte{magicGUID}, guid...), more...)
	return Mark{Headers: []connect.RawHeader{{Key: c.place.header, Value: value}}}, nil
}

// Identify finds the schema id of a record, in its header or in front of its bytes, and returns the bytes without it. beside is what follows
// the id in its header, nil when the id stands in front.
func (c *Client) Identify(headers connect.RawHeaders, b []byte) (id ID, beside, body []byte, err error) {
	if headers != nil && !c.place.prefixed {
		if h, ok := headers.Last(c.place.header); ok {
			id, beside, err = ParseID(h)
			return id, beside, b, err
		}
	}
	id, body, err = ParseID(b)
	return id, nil, body, err
}
