package avroconv

import "github.com/kurier-io/kurier/converters/subject"

// settings are AvroConverterConfig's and AvroDataConfig's.
type settings struct {
	subject.Settings
	avroData
}

// avroData are AvroDataConfig's settings, which say how schemas and values are translated.
type avroData struct {
	CacheSize          int  `config:"schemas.cache.config" default:"1000" importance:"low" group:"Schemas" doc:"Size of the converted schemas cache."`
	MetaData           bool `config:"connect.meta.data" default:"true" importance:"low" group:"Schemas" doc:"Write properties that begin with connect. into Avro schemas, and read them."`
	Enhanced           bool `config:"enhanced.avro.schema.support" default:"false" importance:"medium" group:"Schemas" doc:"Preserve enums, and packages in the names of union branches."`
	Generalized        bool `config:"generalized.sum.type.support" default:"false" importance:"medium" group:"Schemas" doc:"Represent enums and unions as the converters of the other schema formats do."`
	Scrub              bool `config:"scrub.invalid.names" default:"false" importance:"medium" group:"Schemas" doc:"Replace characters that are not allowed in Avro's names."`
	IgnoreDefault      bool `config:"ignore.default.for.nullables" default:"false" importance:"medium" group:"Schemas" doc:"Write null for a field that is null, although its schema has a default."`
	OptionalMapKeys    bool `config:"allow.optional.map.keys" default:"false" importance:"low" group:"Schemas" doc:"Write a map with optional string keys as an Avro map."`
	FlattenSingletons  bool `config:"flatten.singleton.unions" default:"true" importance:"low" group:"Schemas" doc:"Read a union of one type as that type."`
	RemoveJava         bool `config:"avro.remove.java.properties" default:"false" importance:"low" group:"Schemas" doc:"Leave avro.java.string out of schemas that are registered."`
	DiscardTypeDefault bool `config:"discard.type.doc.default" default:"false" importance:"low" group:"Schemas" doc:"Treat documentation and defaults as converters before 7.1 did."`
}

// Names and properties that AvroData gives a meaning.
const (
	namespace      = "io.confluent.connect.avro"
	defaultName    = "ConnectDefault"
	mapEntry       = "MapEntry"
	avroUnion      = namespace + ".Union"
	avroEnum       = namespace + ".Enum"
	generalUnion   = "org.apache.kafka.connect.data.Union"
	generalEnum    = "org.apache.kafka.connect.data.Enum"
	variant        = "org.apache.kafka.connect.data.Variant"
	recordDoc      = namespace + ".record.doc"
	fieldDoc       = namespace + ".field.doc."
	enumDoc        = namespace + ".enum.doc."
	enumDefault    = namespace + ".enum.default."
	fieldDefault   = namespace + ".field.default"
	oldRecordDoc   = "connect.record.doc"
	oldEnumDoc     = "connect.enum.doc"
	fixedSize      = "connect.fixed.size"
	precisionParam = "connect.decimal.precision"
	propName       = "connect.name"
	propDoc        = "connect.doc"
	propVersion    = "connect.version"
	propParams     = "connect.parameters"
	propDefault    = "connect.default"
	propType       = "connect.type"
	propInternal   = "connect.internal.type"
	propLogical    = "logicalType"
	javaString     = "avro.java.string"
	usualPrecision = 64
)
