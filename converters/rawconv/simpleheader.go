package rawconv

import (
	"strings"
	"unsafe"

	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/converters/values"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// simpleHeader is org.apache.kafka.connect.storage.SimpleHeaderConverter: headers are text, and what they mean is inferred. Headers
// repeat, so what short ones mean is remembered.
type simpleHeader struct {
	seen *lru.Cache[string, parsed]
}

type parsed struct {
	schema *data.Schema
	value  data.Value
}

const (
	maxSeen     = 1024
	maxSeenSize = 64
)

func (c *simpleHeader) configure(connect.Props) error {
	c.seen = lru.New[string, parsed](maxSeen)
	return nil
}

// write ignores the schema.
func (*simpleHeader) write(dst []byte, _ *data.Schema, v data.Value) ([]byte, bool, error) {
	if v.IsNull() {
		return dst, false, nil
	}
	return values.Append(dst, v), true, nil
}

func (c *simpleHeader) read(b []byte) (*data.Schema, data.Value, error) {
	if b == nil {
		return nil, data.Null(), nil
	}
	if len(b) > maxSeenSize {
		s, v := values.Parse(valid(b))
		return s, v, nil
	}
	p, ok := c.seen.Get(unsafe.String(unsafe.SliceData(b), len(b)))
	if !ok {
		p.schema, p.value = values.Parse(valid(b))
		c.seen.Put(string(b), p)
	}
	return p.schema, p.value, nil
}

// valid copies b as text with U+FFFD in place of invalid bytes.
func valid(b []byte) string {
	return strings.Clone(javatext.DecodeUTF8(b))
}
