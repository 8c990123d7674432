package jsonschemaconv

import (
	"github.com/kurier-io/kurier/converters/intern"
	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/registry"
)

// Class is the name under which configurations know the converter.
const Class = "io.confluent.connect.json.JsonSchemaConverter"

const doc = "Reads and writes JSON that JSON Schemas in a schema registry describe."

// Register returns the converter as a converter of keys and values. Its instances share the clients of pool, and the schemas that they
// read: all tasks of a worker see one pointer for equal schemas.
func Register(pool *subject.Pool) []registry.Entry {
	shared := intern.New()
	return []registry.Entry{{
		Kind: registry.ConverterKind, Class: Class, Doc: doc, Config: config.Of[settings](),
		NewConverter: func() connect.Converter { return &Converter{pool: pool, shared: shared} },
	}}
}
