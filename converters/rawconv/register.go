package rawconv

import (
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
)

// A codec is a converter that knows neither topics nor whether it serves keys, values or headers.
type codec interface {
	configure(props connect.Props) error
	write(dst []byte, s *data.Schema, v data.Value) ([]byte, bool, error)
	read(b []byte) (*data.Schema, data.Value, error)
}

type converter struct{ codec }

func (c converter) Configure(props connect.Props, _ bool) error { return c.configure(props) }

func (c converter) FromConnectData(dst []byte, _ string, s *data.Schema, v data.Value) ([]byte, bool, error) {
	return c.write(dst, s, v)
}

func (c converter) ToConnectData(_ string, b []byte) (*data.Schema, data.Value, error) {
	return c.read(b)
}

type headerConverter struct{ codec }

func (c headerConverter) Configure(props connect.Props) error { return c.configure(props) }

func (c headerConverter) FromConnectHeader(dst []byte, _, _ string, s *data.Schema, v data.Value) ([]byte, bool, error) {
	return c.write(dst, s, v)
}

func (c headerConverter) ToConnectHeader(_, _ string, b []byte) (*data.Schema, data.Value, error) {
	return c.read(b)
}

type typeSettings struct {
	ConverterType string `config:"converter.type" enum:"key|value|header" importance:"low" doc:"How this converter will be used. Set by the worker."`
}

const converters = "org.apache.kafka.connect.converters."

// Register returns the converters of this package, each also as a header converter, and SimpleHeaderConverter.
func Register() []registry.Entry {
	plain := config.Of[typeSettings]()
	classes := []struct {
		class, doc string
		def        *config.Def
		make       func() codec
	}{
		{"org.apache.kafka.connect.storage.StringConverter", "Writes values as text, reads text as strings.", config.Of[stringSettings](), func() codec { return &stringConverter{} }},
		{converters + "ByteArrayConverter", "Passes bytes through.", plain, func() codec { return bytesConverter{} }},
		{converters + "BooleanConverter", "A boolean as one byte.", plain, func() codec { return booleanConverter{} }},
		{converters + "ShortConverter", "An INT16 as two bytes, big endian.", plain, func() codec {
			return number("short", "ShortDeserializer", 2, data.KindInt16, data.Int16)
		}},
		{converters + "IntegerConverter", "An INT32 as four bytes, big endian.", plain, func() codec {
			return number("integer", "IntegerDeserializer", 4, data.KindInt32, data.Int32)
		}},
		{converters + "LongConverter", "An INT64 as eight bytes, big endian.", plain, func() codec {
			return number("long", "LongDeserializer", 8, data.KindInt64, data.Int64)
		}},
		{converters + "FloatConverter", "A FLOAT32 as four bytes, big endian.", plain, func() codec {
			return number("float", "Deserializer", 4, data.KindFloat32, data.Float32)
		}},
		{converters + "DoubleConverter", "A FLOAT64 as eight bytes, big endian.", plain, func() codec {
			return number("double", "Deserializer", 8, data.KindFloat64, data.Float64)
		}},
	}
	var out []registry.Entry
	for _, c := range classes {
		out = append(out,
			registry.Entry{Kind: registry.ConverterKind, Class: c.class, Doc: c.doc, Config: c.def,
				NewConverter: func() connect.Converter { return converter{c.make()} }},
			registry.Entry{Kind: registry.HeaderConverterKind, Class: c.class, Doc: c.doc, Config: c.def,
				NewHeader: func() connect.HeaderConverter { return headerConverter{c.make()} }})
	}
	return append(out, registry.Entry{
		Kind: registry.HeaderConverterKind, Class: "org.apache.kafka.connect.storage.SimpleHeaderConverter", Config: &config.Def{Keys: []config.Key{}},
		Doc:       "Headers as text; types are inferred when they are read. The default.",
		NewHeader: func() connect.HeaderConverter { return headerConverter{&simpleHeader{}} },
	})
}
