package jsonconv

import (
	"bytes"

	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

const envelopeText = `JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain additional fields. ` +
	`If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.`

// envelope reads {"schema":…,"payload":…}. The payload is read in the same walk if the schema comes first, as it is written;
// otherwise the place of the payload is remembered.
func (c *Converter) envelope() (*data.Schema, data.Value, error) {
	r := &c.reader
	if r.Next() != '{' {
		if len(r.Rest()) > 0 {
			if err := r.Skip(); err != nil {
				return nil, data.Value{}, err
			}
		}
		return nil, data.Value{}, c.envelopeErr()
	}
	if err := r.Enter(); err != nil {
		return nil, data.Value{}, err
	}
	var (
		schema             *data.Schema
		v                  data.Value
		haveSchema, direct bool
		payload            = -1
	)
	for more := r.First('}'); more; {
		raw, escaped, err := r.Name()
		if err != nil {
			return nil, v, err
		}
		if escaped {
			raw = jsontext.Unescape(raw)
		}
		switch string(raw) {
		case "schema":
			schema, err = c.schemaMember()
			haveSchema, direct = true, false
		case "payload":
			r.Next()
			payload = r.Pos()
			if direct = haveSchema; direct {
				v, err = r.value(schema)
			} else {
				err = r.Skip()
			}
		default:
			err = c.envelopeErr()
		}
		if err != nil {
			return nil, v, err
		}
		if more, err = r.More('}'); err != nil {
			return nil, v, err
		}
	}
	if !haveSchema || payload < 0 {
		return nil, v, c.envelopeErr()
	}
	if !direct {
		r.Seek(payload, 1)
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
	kind := r.Next()
	if kind == '{' && len(c.schemas.lastRaw) > 0 && bytes.HasPrefix(r.Rest(), c.schemas.lastRaw) {
		r.Seek(r.Pos()+len(c.schemas.lastRaw), r.Depth())
		return c.schemas.last, nil
	}
	start := r.Pos()
	if err := r.Skip(); err != nil {
		return nil, err
	}
	raw := r.Since(start)
	if kind == 'n' {
		return nil, nil
	}
	if s, ok := c.schemas.find(raw); ok {
		return s, nil
	}
	sub := reader{replaceNull: r.replaceNull, shapes: r.shapes}
	sub.reset(raw)
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
	if at, ok := payloadOf(r.Scanner); ok {
		r.Seek(at, 1)
	}
	v, err := r.value(c.content)
	return c.content, v, err
}

// payloadOf finds the payload of an object with exactly the members schema and payload.
func payloadOf(s jsontext.Scanner) (at int, ok bool) {
	if s.Next() != '{' || s.Enter() != nil {
		return 0, false
	}
	schema := false
	for more := s.First('}'); more; {
		raw, _, err := s.Name()
		if err != nil {
			return 0, false
		}
		switch string(raw) {
		case "schema":
			schema = true
		case "payload":
			at = s.Pos()
		default:
			return 0, false
		}
		if s.Skip() != nil {
			return 0, false
		}
		if more, err = s.More('}'); err != nil {
			return 0, false
		}
	}
	return at, schema && at > 0
}
