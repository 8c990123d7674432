package jsonconv

import (
	"bytes"
	"unsafe"

	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/plugins/data"
)

// schemas hands out one schema for equal schema JSON. Java keys this cache by the parsed tree and so parses the schema of every
// message; here the key is the text itself.
type schemas struct {
	lastRaw []byte // the text met last; most topics have one
	last    *data.Schema
	byText  *lru.Cache[string, *data.Schema]
	byShape *lru.Cache[shape, []*data.Schema] // to find equal schemas that are written differently
}

type shape struct {
	typ    data.Type
	name   string
	fields int
}

func newSchemas(max int) *schemas {
	return &schemas{byText: lru.New[string, *data.Schema](max), byShape: lru.New[shape, []*data.Schema](max)}
}

// sameShape bounds how many schemas of one shape are told apart.
const sameShape = 16

func (c *schemas) find(raw []byte) (*data.Schema, bool) {
	if bytes.Equal(raw, c.lastRaw) {
		return c.last, true
	}
	s, ok := c.byText.Get(unsafe.String(unsafe.SliceData(raw), len(raw)))
	if ok {
		c.lastRaw, c.last = append(c.lastRaw[:0], raw...), s
	}
	return s, ok
}

func (c *schemas) add(raw []byte, s *data.Schema) *data.Schema {
	if s != nil {
		k := shape{s.Type(), s.Name(), s.NumFields()}
		known, _ := c.byShape.Get(k)
		found := false
		for _, o := range known {
			if o.Equal(s) {
				s, found = o, true
				break
			}
		}
		if !found {
			if len(known) == sameShape {
				known = known[1:]
			}
			c.byShape.Put(k, append(known[:len(known):len(known)], s))
		}
	}
	c.byText.Put(string(raw), s)
	c.lastRaw, c.last = append(c.lastRaw[:0], raw...), s
	return s
}
