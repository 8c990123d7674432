package jsonconv

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// A Converter is Java's JsonConverter for keys or values.
type Converter struct {
	settings
	role    string       // the prefix of its settings
	content *data.Schema // schema.content

	writer   writer
	lastPlan *compiled
	plans    *lru.Cache[*data.Schema, *compiled]

	reader  reader
	schemas *schemas
}

// A compiled is what is known about writing values of a schema.
type compiled struct {
	plan   *plan
	schema *data.Schema
	prefix []byte // {"schema":…,"payload":
}

// New returns a converter that is yet to be configured.
func New() *Converter { return &Converter{} }

// Configure implements connect.Converter.
func (c *Converter) Configure(props connect.Props, isKey bool) error {
	if isKey {
		return c.configure(props, "key.converter")
	}
	return c.configure(props, "value.converter")
}

func (c *Converter) configure(props connect.Props, role string) error {
	set, err := parse(props)
	if err != nil {
		return err
	}
	*c = Converter{
		settings: set, role: role,
		writer:  writer{replaceNull: set.ReplaceNull, numeric: set.DecimalFormat == "NUMERIC"},
		reader:  newReader(set.ReplaceNull),
		plans:   lru.New[*data.Schema, *compiled](set.CacheSize),
		schemas: newSchemas(set.CacheSize),
	}
	if set.SchemaContent == "" {
		return nil
	}
	c.reader.reset([]byte(set.SchemaContent))
	if c.content, err = c.schemaMember(); err == nil && c.content == nil {
		err = data.Errorf("it is null")
	}
	if err != nil {
		return connect.ConfigErr("schema.content", "not a schema: "+err.Error(), "give the schema part of the envelope as JSON, such as {\"type\":\"string\"}")
	}
	return nil
}

// FromConnectData implements connect.Converter. Only a null value without a schema becomes a null in Kafka.
func (c *Converter) FromConnectData(dst []byte, _ string, s *data.Schema, v data.Value) ([]byte, bool, error) {
	if s == nil {
		return c.fromSchemaless(dst, v)
	}
	p := c.lastPlan
	if p == nil || p.schema != s {
		var err error
		if p, err = c.compiled(s); err != nil {
			return dst, false, err
		}
	}
	if !c.SchemasEnable {
		dst, err := c.writer.append(dst, p.plan, v)
		return dst, true, err
	}
	dst, err := c.writer.append(append(dst, p.prefix...), p.plan, v)
	return append(dst, '}'), true, err
}

func (c *Converter) fromSchemaless(dst []byte, v data.Value) ([]byte, bool, error) {
	if v.IsNull() {
		return dst, false, nil
	}
	if !c.SchemasEnable {
		dst, err := c.writer.schemaless(dst, v)
		return dst, true, err
	}
	dst, err := c.writer.schemaless(append(dst, `{"schema":null,"payload":`...), v)
	return append(dst, '}'), true, err
}

func (c *Converter) compiled(s *data.Schema) (*compiled, error) {
	p, ok := c.plans.Get(s)
	if !ok {
		p = &compiled{plan: c.writer.compile(s), schema: s}
		if c.SchemasEnable {
			b, err := c.writer.appendSchema([]byte(`{"schema":`), s, nil)
			if err != nil {
				return nil, err
			}
			p.prefix = append(b, `,"payload":`...)
		}
		c.plans.Put(s, p)
	}
	c.lastPlan = p
	return p, nil
}

var bom = []byte("\uFEFF")

// ToConnectData implements connect.Converter.
func (c *Converter) ToConnectData(_ string, b []byte) (*data.Schema, data.Value, error) {
	if b == nil {
		return nil, data.Null(), nil
	}
	b = bytes.TrimPrefix(b, bom)
	c.reader.reset(b)
	s, v, err := c.read()
	if err != nil {
		return nil, data.Null(), classify(b, err)
	}
	return s, v, nil
}

func (c *Converter) read() (*data.Schema, data.Value, error) {
	switch {
	case c.SchemasEnable && c.content != nil:
		return c.fixed()
	case c.SchemasEnable:
		return c.envelope()
	case c.reader.Next() == 0 && len(c.reader.Rest()) == 0:
		return nil, data.Null(), nil
	}
	v, err := c.reader.value(nil)
	return nil, v, err
}

// classify prefers a syntax error anywhere in the text to any other, because Java parses everything before it looks at anything.
func classify(b []byte, err error) error {
	if _, is := errors.AsType[*jsontext.SyntaxError](err); !is {
		var s jsontext.Scanner
		s.Reset(b)
		if s.Next() == 0 && len(s.Rest()) == 0 {
			return err
		}
		if bad := s.Skip(); bad == nil {
			return err
		} else {
			err = bad
		}
	}
	return &data.Error{Msg: "Converting byte[] to Kafka Connect data failed due to serialization error", Err: hint(b, err)}
}

// hint says what bytes that are not JSON may be instead.
func hint(b []byte, err error) error {
	switch {
	case len(b) >= 5 && b[0] == 0:
		return fmt.Errorf("%w (the bytes begin with the id of a schema: were they written by AvroConverter, ProtobufConverter or JsonSchemaConverter? Use the same one here, with its schema.registry.url)", err)
	case len(b) > 0 && (b[0]|0x20 >= 'a' && b[0]|0x20 <= 'z'):
		return fmt.Errorf("%w (the bytes look like text: org.apache.kafka.connect.storage.StringConverter takes any)", err)
	}
	return err
}

// A Header is the JsonConverter of header values.
type Header struct{ c Converter }

// NewHeader returns a header converter that is yet to be configured.
func NewHeader() *Header { return &Header{} }

// Configure implements connect.HeaderConverter.
func (h *Header) Configure(props connect.Props) error {
	return h.c.configure(props, "header.converter")
}

// FromConnectHeader implements connect.HeaderConverter.
func (h *Header) FromConnectHeader(dst []byte, topic, _ string, s *data.Schema, v data.Value) ([]byte, bool, error) {
	return h.c.FromConnectData(dst, topic, s, v)
}

// ToConnectHeader implements connect.HeaderConverter.
func (h *Header) ToConnectHeader(topic, _ string, b []byte) (*data.Schema, data.Value, error) {
	return h.c.ToConnectData(topic, b)
}
