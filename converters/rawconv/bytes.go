package rawconv

import (
	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// bytesConverter is org.apache.kafka.connect.converters.ByteArrayConverter.
type bytesConverter struct{}

var optionalBytes = data.Of(data.Bytes).Optional().MustBuild()

func (bytesConverter) configure(connect.Props) error { return nil }

func (bytesConverter) write(dst []byte, s *data.Schema, v data.Value) ([]byte, bool, error) {
	if s != nil && s.Type() != data.Bytes {
		return dst, false, data.Errorf("Invalid schema type for ByteArrayConverter: %s", s.Type())
	}
	switch v.Kind() {
	case data.KindNull:
		return dst, false, nil
	case data.KindBytes:
		return append(dst, v.Bytes()...), true, nil
	}
	return dst, false, data.Errorf("ByteArrayConverter is not compatible with objects of type %s", javatext.Class(v))
}

func (bytesConverter) read(b []byte) (*data.Schema, data.Value, error) {
	if b == nil {
		return optionalBytes, data.Null(), nil
	}
	return optionalBytes, data.BytesValue(b), nil
}
