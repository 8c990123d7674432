package avroconv

import (
	"strings"

	"github.com/kurier-io/kurier/converters/avroconv/avroschema"
	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

type readKey struct {
	topic string
	id    subject.ID
}

// A readable is what is known about reading values of an id from a topic.
type readable struct {
	readKey
	schema *data.Schema
	plan   *dec
	raw    bool // the Avro schema is bytes, which have no length at the top
}

// ToConnectData implements connect.Converter.
func (c *Converter) ToConnectData(topic string, b []byte) (*data.Schema, data.Value, error) {
	return c.ToConnectDataHeaded(topic, nil, b)
}

// ToConnectDataHeaded implements connect.HeadedConverter.
func (c *Converter) ToConnectDataHeaded(topic string, headers connect.RawHeaders, b []byte) (*data.Schema, data.Value, error) {
	if b == nil {
		return nil, data.Null(), nil
	}
	id, _, body, err := c.client.Identify(headers, b)
	if err != nil {
		return nil, data.Null(), unknownBytes(topic, b, c.role)
	}
	p := c.lastRead
	if p == nil || p.id != id || p.topic != topic {
		if p, err = c.readable(topic, id); err != nil {
			return nil, data.Null(), err
		}
	}
	if p.raw {
		if p.plan.op == readDecimal && len(body) > 0 {
			return p.schema, data.DecimalBytesValue(body, p.schema.Scale()), nil
		} else if p.plan.op != readDecimal {
			return p.schema, data.BytesValue(body), nil
		}
	}
	var v data.Value
	c.reader.reset(body)
	if err := c.reader.read(p.plan, &v); err != nil {
		return nil, data.Null(), deserializing(topic, &data.Error{Msg: misread(id), Err: err})
	}
	return p.schema, v, nil
}

func misread(id subject.ID) string {
	if id.ByGUID() {
		return "the bytes do not fit the schema that they name; their producer wrote with another schema, or they were damaged"
	}
	return data.Errorf("the bytes do not fit the schema with id %d; their producer wrote with another schema or uses another registry, or they were damaged", id.Num).Error()
}

func (c *Converter) readable(topic string, id subject.ID) (*readable, error) {
	k := readKey{topic, id}
	p, ok := c.reads.Get(k)
	if !ok {
		k.topic = strings.Clone(topic)
		var err error
		if p, err = c.newReadable(k); err != nil {
			return nil, err
		}
		c.reads.Put(k, p)
	}
	c.lastRead = p
	return p, nil
}

func (c *Converter) newReadable(k readKey) (*readable, error) {
	reg, err := c.client.ByID(k.topic, k.id)
	if err != nil {
		return nil, deserializing(k.topic, err)
	}
	s, err := c.parse(reg)
	if err != nil {
		return nil, deserializing(k.topic, err)
	}
	p := &readable{readKey: k, raw: s.Root.Kind == avroschema.Bytes}
	if s.Equal(&avroschema.Schema{Root: anything()}) {
		p.plan = &dec{op: readAny}
		return p, nil
	}
	version, err := c.client.Version(k.topic, s.Name(), reg)
	if err != nil {
		return nil, deserializing(k.topic, err)
	}
	// From here on it is about the schema itself, of which Java says no more.
	read, err := c.read(s.Root, version)
	if err != nil {
		return nil, err
	}
	p.schema = c.shared.Of(read)
	p.plan, err = c.decoder(p.schema, s.Root)
	return p, err
}
