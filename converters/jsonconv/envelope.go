package jsonconv

import (
	"bytes"

	"github.com/kurier-io/kurier/plugins/data"
)

const envelopeText = `JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain additional fields. ` +
	`If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.`

// envelope reads {"schema":…,"payload":…}. The payload is read in the same walk if the schema comes first, as it is written;
// otherwise the place of the payload is remembered.
func (c *Converter) envelope() (*data.Schema, data.Value, error) {
	r := &c.reader
	if r.next() != '{' {
		if r.i < len(r.b) {
			if err := r.skip(); err != nil {
				return nil, data.Value{}, err
			}
		}
		return nil, data.Value{}, c.envelopeErr()
	}
	if err := r.enter(); err != nil {
		return nil, data.Value{}, err
	}
	var (
		schema             *data.Schema
		v                  data.Value
		haveSchema, direct bool
		payload            = -1
	)
	for more := r.first('}'); more; {
		raw, escaped, err := r.name()
		if err != nil {
			return nil, v, err
		}
		if escaped {
			raw = unescape(raw)
		}
		switch string(raw) {
		case "schema":
			schema, err = c.schemaMember()
			haveSchema, direct = true, false
		case "payload":
			r.next()
			payload = r.i
			if direct = haveSchema; direct {
				v, err = r.value(schema)
			} else {
				err = r.skip()
			}
		default:
			err = c.envelopeErr()
		}
		if err != nil {
			return nil, v, err
		}
		if more, err = r.more('}'); err != nil {
			return nil, v, err
		}
	}
	if !haveSchema || payload < 0 {
		return nil, v, c.envelopeErr()
	}
	if !direct {
		r.i, r.depth = payload, 1
		var err error
		if v, err = r.value(schema); err != nil {
			return nil, v, err
		}
	}
	return schema, v, nil
}

// schemaMember reads the schema at hand, usually by comparing it with the one met last.
func (c *Converter) schemaMember() (*data.Schema, error) {
	r := &c.reader
	kind := r.next()
	if kind == '{' && len(c.schemas.lastRaw) > 0 && bytes.HasPrefix(r.b[r.i:], c.schemas.lastRaw) {
		r.i += len(c.schemas.lastRaw)
		return c.schemas.last, nil
	}
	start := r.i
	if err := r.skip(); err != nil {
		return nil, err
	}
	raw := r.b[start:r.i]
	if kind == 'n' {
		return nil, nil
	}
	if s, ok := c.schemas.find(raw); ok {
		return s, nil
	}
	sub := reader{scanner: scanner{b: raw}, replaceNull: r.replaceNull, shapes: r.shapes}
	n, err := sub.node()
	if err != nil {
		return nil, err
	}
	s, err := sub.schemaOf(&n)
	if err != nil {
		return nil, err
	}
	return c.schemas.add(raw, s), nil
}

func (c *Converter) envelopeErr() error {
	return data.Errorf("%s The key is %s.schemas.enable.", envelopeText, c.role)
}

// fixed reads a message whose schema is configured (KIP-1054): the payload member of an envelope, or else the whole text.
func (c *Converter) fixed() (*data.Schema, data.Value, error) {
	r := &c.reader
	if at, ok := payloadOf(r.scanner); ok {
		r.i, r.depth = at, 1
	}
	v, err := r.value(c.content)
	return c.content, v, err
}

// payloadOf finds the payload of an object with exactly the members schema and payload.
func payloadOf(s scanner) (at int, ok bool) {
	if s.next() != '{' || s.enter() != nil {
		return 0, false
	}
	schema := false
	for more := s.first('}'); more; {
		raw, _, err := s.name()
		if err != nil {
			return 0, false
		}
		switch string(raw) {
		case "schema":
			schema = true
		case "payload":
			at = s.i
		default:
			return 0, false
		}
		if s.skip() != nil {
			return 0, false
		}
		if more, err = s.more('}'); err != nil {
			return 0, false
		}
	}
	return at, schema && at > 0
}
