// Package reference writes and reads Avro with goavro, in the generic form that it wants: the yardstick of `kurier bench`.
package reference

import "github.com/linkedin/goavro/v2"

// A Codec is goavro's for one schema. It is safe for concurrent use.
type Codec struct{ codec *goavro.Codec }

// New parses a schema. Logical types are left out of it: goavro would want times in place of numbers.
func New(schema string) (*Codec, error) {
	c, err := goavro.NewCodec(schema)
	if err != nil {
		return nil, err
	}
	if c, err = goavro.NewCodec(c.CanonicalSchema()); err != nil {
		return nil, err
	}
	return &Codec{c}, nil
}

// Encode appends a record; values of unions are wrapped as goavro wants it.
func (c *Codec) Encode(dst []byte, row map[string]any) ([]byte, error) {
	return c.codec.BinaryFromNative(dst, row)
}

// Decode reads a record.
func (c *Codec) Decode(b []byte) (any, error) {
	v, _, err := c.codec.NativeFromBinary(b)
	return v, err
}
