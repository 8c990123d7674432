package jsonconv

import (
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/registry"
)

// Class is the name under which configurations know the converter.
const Class = "org.apache.kafka.connect.json.JsonConverter"

const doc = "Reads and writes JSON, with the schema in every message unless schemas.enable=false."

// Register returns the converter as a converter of keys and values, and as one of headers.
func Register() []registry.Entry {
	def := config.Of[settings]()
	return []registry.Entry{
		{Kind: registry.ConverterKind, Class: Class, Doc: doc, Config: def, NewConverter: func() connect.Converter { return New() }},
		{Kind: registry.HeaderConverterKind, Class: Class, Doc: doc, Config: def, NewHeader: func() connect.HeaderConverter { return NewHeader() }},
	}
}
