package protoconv

import (
	"strings"
	"unsafe"

	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

type readKey struct {
	topic   string
	id      subject.ID
	indexes string // as they are written
}

// A readable is what is known about reading values of a message of an id from a topic.
type readable struct {
	readKey
	schema *data.Schema
	plan   *dec
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
	id, path, body, err := c.client.Identify(headers, b)
	if err != nil {
		return nil, data.Null(), unknownBytes(topic, b, c.role)
	}
	// The message indexes follow the id wherever it stands.
	if path != nil {
		path, _, err = cutIndexes(path)
	} else {
		path, body, err = cutIndexes(body)
	}
	if err != nil {
		return nil, data.Null(), deserializing(topic, err)
	}
	p := c.lastRead
	if p == nil || p.id != id || p.indexes != string(path) || p.topic != topic {
		if p, err = c.readable(topic, id, path); err != nil {
			return nil, data.Null(), deserializing(topic, err)
		}
	}
	v, err := c.reader.root(p.plan, body)
	if err != nil {
		return nil, data.Null(), deserializing(topic, &data.Error{Msg: misread(id), Err: err})
	}
	return p.schema, v, nil
}

func (c *Converter) readable(topic string, id subject.ID, path []byte) (*readable, error) {
	k := readKey{topic, id, unsafe.String(unsafe.SliceData(path), len(path))} // the cache does not keep it
	p, ok := c.reads.Get(k)
	if !ok {
		k.topic, k.indexes = strings.Clone(topic), string(path)
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
	s, err := c.parse(reg)
	if err != nil {
		return nil, err
	}
	m, err := s.Message(parseIndexes([]byte(k.indexes))...)
	if err != nil {
		return nil, err
	}
	version, err := c.client.Version(k.topic, string(m.FullName()), reg)
	if err != nil {
		return nil, err
	}
	read, err := c.read(m, version)
	if err != nil {
		return nil, err
	}
	p := &readable{readKey: k, schema: c.shared.Of(read)}
	p.plan, err = c.decoder(p.schema, m)
	return p, err
}
