package protoconv

import "github.com/kurier-io/kurier/converters/subject"

// settings are ProtobufConverterConfig's and ProtobufDataConfig's.
type settings struct {
	subject.Settings
	protoData

	SkipKnown bool `config:"skip.known.types" default:"true" importance:"low" group:"Registry" doc:"Import the files of Google and Confluent without registering them; every registry knows them. Only true is supported."`
}

// protoData are ProtobufDataConfig's settings, which say how schemas and values are translated.
type protoData struct {
	CacheSize            int  `config:"schemas.cache.config" default:"1000" importance:"low" group:"Schemas" doc:"Size of the converted schemas cache."`
	Enhanced             bool `config:"enhanced.protobuf.schema.support" default:"false" importance:"medium" group:"Schemas" doc:"Preserve packages in the names of messages and enums that are read."`
	Generalized          bool `config:"generalized.sum.type.support" default:"false" importance:"medium" group:"Schemas" doc:"Represent enums and unions as the converters of the other schema formats do."`
	Scrub                bool `config:"scrub.invalid.names" default:"false" importance:"medium" group:"Schemas" doc:"Replace characters that are not allowed in Protobuf's names."`
	IgnoreDefault        bool `config:"ignore.default.for.nullables" default:"false" importance:"medium" group:"Schemas" doc:"Write nothing for a field that is null, although its schema has a default."`
	IntForEnums          bool `config:"int.for.enums" default:"false" importance:"low" group:"Schemas" doc:"Represent enums as integers."`
	OptionalForNullables bool `config:"optional.for.nullables" default:"false" importance:"medium" group:"Schemas" doc:"Give nullable fields the optional label, which tells null from zero."`
	OptionalForProto2    bool `config:"optional.for.proto2" default:"true" importance:"low" group:"Schemas" doc:"Read optional fields of proto2 that are not set as null; false reads their default."`
	WrapperForNullables  bool `config:"wrapper.for.nullables" default:"false" importance:"medium" group:"Schemas" doc:"Write nullable fields as wrapper messages, which tell null from zero."`
	WrapperForRaw        bool `config:"wrapper.for.raw.primitives" default:"true" importance:"low" group:"Schemas" doc:"Read wrapper messages as the values in them."`
	GenerateStruct       bool `config:"generate.struct.for.nulls" default:"false" importance:"low" group:"Schemas" doc:"Read a message that is not set as a struct of defaults."`
	GenerateIndex        bool `config:"generate.index.for.unions" default:"true" importance:"low" group:"Schemas" doc:"Append the position of a oneof to the name of its field."`
	FlattenUnions        bool `config:"flatten.unions" default:"false" importance:"low" group:"Schemas" doc:"Read the members of a oneof as fields of the message."`
}

// Names and parameters that ProtobufData gives a meaning.
const (
	namespace      = "io.confluent.connect.protobuf"
	defaultName    = "ConnectDefault"
	tagParam       = namespace + ".Tag"
	typeParam      = namespace + ".Type"
	protoEnum      = namespace + ".Enum"
	unionPrefix    = namespace + ".Union."
	generalUnion   = "org.apache.kafka.connect.data.Union"
	generalEnum    = "org.apache.kafka.connect.data.Enum"
	precisionParam = "connect.decimal.precision"
	scaleParam     = "scale"

	entrySuffix = "Entry"
	keyName     = "key"
	valueName   = "value"

	metaConnectType = "connect.type"
	metaPrecision   = "precision"
	metaScale       = "scale"
)

// Messages with a Connect type of their own, and their files.
const (
	decimalMessage   = "confluent.type.Decimal"
	dateMessage      = "google.type.Date"
	timeMessage      = "google.type.TimeOfDay"
	timestampMessage = "google.protobuf.Timestamp"

	metaFile      = "confluent/meta.proto"
	decimalFile   = "confluent/type/decimal.proto"
	dateFile      = "google/type/date.proto"
	timeFile      = "google/type/timeofday.proto"
	timestampFile = "google/protobuf/timestamp.proto"
	wrappersFile  = "google/protobuf/wrappers.proto"
)
