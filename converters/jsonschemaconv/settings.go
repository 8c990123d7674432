package jsonschemaconv

import "github.com/kurier-io/kurier/converters/subject"

// settings are JsonSchemaConverterConfig's and JsonSchemaDataConfig's, and those of the serializers that are of use to a converter.
type settings struct {
	subject.Settings
	jsonData
	FailInvalid bool `config:"json.fail.invalid.schema" default:"false" importance:"low" group:"Serialization" doc:"Check every value against its JSON Schema when it is written or read. That costs more than the rest of the conversion."`
	Indent      bool `config:"json.indent.output" default:"false" importance:"low" group:"Serialization" doc:"Write JSON with line ends and indentation."`
}

// jsonData are JsonSchemaDataConfig's settings, which say how schemas and values are translated.
type jsonData struct {
	CacheSize         int    `config:"schemas.cache.config" default:"1000" importance:"low" group:"Schemas" doc:"Size of the converted schemas cache."`
	DecimalFormat     string `config:"decimal.format" default:"BASE64" enum:"NUMERIC|BASE64" fold:"true" importance:"low" group:"Serialization" width:"medium" label:"Decimal Format" doc:"Controls which format this converter will serialize decimals in: BASE64 (default) or NUMERIC, without regard to case."`
	Additional        bool   `config:"object.additional.properties" default:"true" importance:"low" group:"Schemas" doc:"Allow additional properties in the schemas of objects that are registered."`
	OptionalNonReq    bool   `config:"use.optional.for.nonrequired" default:"false" importance:"low" group:"Schemas" doc:"Read properties that are not required as optional fields."`
	IgnoreModern      bool   `config:"ignore.modern.dialects" default:"false" importance:"low" group:"Schemas" doc:"Read schemas of the dialects after draft 7 as those of draft 7."`
	FlattenSingletons bool   `config:"flatten.singleton.unions" default:"true" importance:"low" group:"Schemas" doc:"Read a oneOf or anyOf of one schema as that schema."`
	Preserve          bool   `config:"preserve.additional.properties" default:"false" importance:"low" group:"Schemas" doc:"Keep properties that the schema does not name in the field __connect_additional_properties__ of their struct."`
	Generalized       bool   `config:"generalized.sum.type.support" default:"false" importance:"medium" group:"Schemas" doc:"Represent enums and unions as the converters of the other schema formats do."`
	IgnoreDefault     bool   `config:"ignore.default.for.nullables" default:"false" importance:"medium" group:"Schemas" doc:"Write null for a field that is null, although its schema has a default."`
}

func (o *jsonData) numeric() bool { return o.DecimalFormat == "NUMERIC" }

// Names and keywords that JsonSchemaData gives a meaning.
const (
	namespace     = "io.confluent.connect.json"
	jsonEnum      = namespace + ".Enum"
	jsonUnion     = namespace + ".OneOf"
	jsonField     = jsonUnion + ".field."
	generalUnion  = "org.apache.kafka.connect.data.Union"
	generalEnum   = "org.apache.kafka.connect.data.Enum"
	generalPrefix = "connect_union_"
	generalField  = generalPrefix + "field_"
	variantName   = "org.apache.kafka.connect.data.Variant"
	nullSymbol    = "<NULL>"
	propType      = "connect.type"
	propIndex     = "connect.index"
	propVersion   = "connect.version"
	propParams    = "connect.parameters"
	typeMap       = "map"
	typeBytes     = "bytes"

	// additionalField holds the properties of an object that its schema does not name.
	additionalField = "__connect_additional_properties__"
	// additionalText names the map of those whose schema is not known: its values are JSON.
	additionalText = namespace + ".AdditionalProperties"
)
