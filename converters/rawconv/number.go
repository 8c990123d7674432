package rawconv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// numberConverter is one of Short-, Integer-, Long-, Float- and DoubleConverter: big endian bytes.
type numberConverter struct {
	name   string // in messages
	size   int
	sized  string // the deserializer that complains about the size
	kind   data.Kind
	schema *data.Schema
}

func number(name, sized string, size int, kind data.Kind, t data.Type) *numberConverter {
	return &numberConverter{name, size, sized, kind, data.Of(t).Optional().MustBuild()}
}

func (*numberConverter) configure(connect.Props) error { return nil }

// write ignores the schema, as Java does; the class must be exact.
func (c *numberConverter) write(dst []byte, _ *data.Schema, v data.Value) ([]byte, bool, error) {
	if v.IsNull() {
		return dst, false, nil
	}
	if v.Kind() != c.kind {
		return dst, false, data.Errorf("Failed to serialize to %s (was %s): ", c.name, javatext.Class(v))
	}
	switch c.kind {
	case data.KindInt16:
		return binary.BigEndian.AppendUint16(dst, uint16(v.Int())), true, nil
	case data.KindInt32:
		return binary.BigEndian.AppendUint32(dst, uint32(v.Int())), true, nil
	case data.KindInt64:
		return binary.BigEndian.AppendUint64(dst, uint64(v.Int())), true, nil
	case data.KindFloat32:
		bits := math.Float32bits(v.Float32())
		if f := v.Float32(); f != f {
			bits = 0x7fc00000
		}
		return binary.BigEndian.AppendUint32(dst, bits), true, nil
	default:
		bits := math.Float64bits(v.Float())
		if math.IsNaN(v.Float()) {
			bits = 0x7ff8000000000000
		}
		return binary.BigEndian.AppendUint64(dst, bits), true, nil
	}
}

func (c *numberConverter) read(b []byte) (*data.Schema, data.Value, error) {
	if b == nil {
		return c.schema, data.Null(), nil
	}
	if len(b) != c.size {
		return nil, data.Null(), deserializeErr(c.name, fmt.Sprintf("Size of data received by %s is not %d", c.sized, c.size))
	}
	var v data.Value
	switch c.kind {
	case data.KindInt16:
		v = data.Int16Value(int16(binary.BigEndian.Uint16(b)))
	case data.KindInt32:
		v = data.Int32Value(int32(binary.BigEndian.Uint32(b)))
	case data.KindInt64:
		v = data.Int64Value(int64(binary.BigEndian.Uint64(b)))
	case data.KindFloat32:
		v = data.Float32Value(math.Float32frombits(binary.BigEndian.Uint32(b)))
	default:
		v = data.Float64Value(math.Float64frombits(binary.BigEndian.Uint64(b)))
	}
	return c.schema, v, nil
}

// deserializeErr gives Java's text, colon and all, with the cause behind it.
func deserializeErr(name, cause string) error {
	return &data.Error{Msg: "Failed to deserialize " + name, Err: errors.New(cause)}
}

// booleanConverter is org.apache.kafka.connect.converters.BooleanConverter.
type booleanConverter struct{}

var optionalBoolean = data.Of(data.Boolean).Optional().MustBuild()

func (booleanConverter) configure(connect.Props) error { return nil }

func (booleanConverter) write(dst []byte, s *data.Schema, v data.Value) ([]byte, bool, error) {
	if s != nil && s.Type() != data.Boolean {
		return dst, false, data.Errorf("Invalid schema type for BooleanConverter: %s", s.Type())
	}
	switch v.Kind() {
	case data.KindNull:
		return dst, false, nil
	case data.KindBool:
		if v.Bool() {
			return append(dst, 1), true, nil
		}
		return append(dst, 0), true, nil
	}
	return dst, false, data.Errorf("BooleanConverter is not compatible with objects of type %s", javatext.Class(v))
}

func (booleanConverter) read(b []byte) (*data.Schema, data.Value, error) {
	switch {
	case b == nil:
		return optionalBoolean, data.Null(), nil
	case len(b) != 1:
		return nil, data.Null(), deserializeErr("boolean", "Size of data received by BooleanDeserializer is not 1")
	case b[0] > 1:
		return nil, data.Null(), deserializeErr("boolean", fmt.Sprintf("Unexpected byte received by BooleanDeserializer: %d", int8(b[0])))
	}
	return optionalBoolean, data.BoolValue(b[0] == 1), nil
}
