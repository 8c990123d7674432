package jsonschemaconv

import (
	"fmt"
	"strings"

	"github.com/kurier-io/kurier/converters/jsonschemaconv/jsonschema"
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
	num    int32
	schema *data.Schema
	plan   *dec
	check  *jsonschema.Schema // nil: values are not validated
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
			return nil, data.Null(), deserializing(topic, err)
		}
	}
	if p.check != nil {
		if err := p.check.Validate(body); err != nil {
			return nil, data.Null(), deserializing(topic, invalid(p.num, err))
		}
	}
	var v data.Value
	c.reader.reset(body)
	if err := c.reader.read(p.plan, &v); err != nil {
		return nil, data.Null(), deserializing(topic, err)
	}
	return p.schema, v, nil
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
		return nil, err
	}
	refs, err := c.references(reg)
	if err != nil {
		return nil, err
	}
	l, err := load(reg.Text, refs)
	if err != nil {
		return nil, fmt.Errorf("the schema with id %d: %w", reg.ID, err)
	}
	p := &readable{readKey: k, num: reg.ID, plan: &dec{op: readAny}}
	title, _ := l.root.str("title")
	if !l.root.free() || title == variantName {
		version, err := c.client.Version(k.topic, title, reg)
		if err != nil {
			return nil, err
		}
		read, err := c.read(l, version)
		if err != nil {
			return nil, fmt.Errorf("the schema with id %d: %w", reg.ID, err)
		}
		p.schema = c.shared.Of(read)
		p.plan = c.decoder(p.schema)
	}
	if c.FailInvalid {
		text := reg.Text
		if c.IgnoreModern {
			text = l.root.without("$schema")
		}
		if p.check, err = jsonschema.Parse(text, refs); err != nil {
			return nil, fmt.Errorf("the schema with id %d: %w", reg.ID, err)
		}
	}
	return p, nil
}
