// Package transforms holds Kafka Connect's single message transforms. Each derives its output schema once per input schema, so that
// output schemas keep pointer identity, and copies values by position.
package transforms

import (
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/transforms/debezium"
	"github.com/kurier-io/kurier/transforms/smt"
	"github.com/kurier-io/kurier/transforms/thirdparty"
)

const pkg = "org.apache.kafka.connect.transforms."

// Register returns the transformations, with those of Debezium and of other authors; those that have a side are there twice, as $Key and $Value.
func Register() []registry.Entry {
	var out []registry.Entry
	sided := func(class, doc string, def *config.Def, make func(smt.Side) connect.Transformation) {
		out = append(out, smt.Sided(pkg+class, doc, def, make)...)
	}
	single := func(class, doc string, def *config.Def, make func() connect.Transformation) {
		out = append(out, smt.Single(pkg+class, doc, def, make))
	}
	sided("Cast", "Casts fields, or the whole key or value, to a primitive type: integers, floating point numbers, booleans and strings. Field values may also be binary, which can only become strings.",
		config.Of[castSettings](), func(s smt.Side) connect.Transformation { return &cast{Side: s} })
	single("DropHeaders", "Removes one or more headers from each record.", dropHeadersDef(), func() connect.Transformation { return &dropHeaders{} })
	sided("ExtractField", "Extracts the specified field from a Struct when schema present, or a Map in the case of schemaless data. Any null values are passed through unmodified.",
		config.Of[extractSettings](), func(s smt.Side) connect.Transformation { return &extractField{Side: s} })
	single("Filter", "Drops all records, filtering them from subsequent transformations in the chain. This is intended to be used conditionally to filter out records matching (or not matching) a particular Predicate.",
		&config.Def{Keys: []config.Key{}}, func() connect.Transformation { return filter{} })
	sided("Flatten", "Flattens a nested data structure, generating names for each field by concatenating the field names at each level with a configurable delimiter. Arrays stay as they are.",
		config.Of[flattenSettings](), func(s smt.Side) connect.Transformation { return &flatten{Side: s} })
	sided("HeaderFrom", "Moves or copies fields in the key or value of a record into that record's headers.", headerFromDef(), func(s smt.Side) connect.Transformation { return &headerFrom{Side: s} })
	sided("HoistField", "Wraps data using the specified field name in a Struct when schema present, or a Map in the case of schemaless data.",
		config.Of[hoistSettings](), func(s smt.Side) connect.Transformation { return &hoistField{Side: s} })
	sided("InsertField", "Inserts fields using attributes from the record metadata or a configured static value.",
		config.Of[insertSettings](), func(s smt.Side) connect.Transformation { return &insertField{Side: s} })
	single("InsertHeader", "Adds a header to each record.", config.Of[insertHeaderSettings](), func() connect.Transformation { return &insertHeader{} })
	sided("MaskField", "Masks fields with a valid null value for the field type (i.e. 0, false, empty string, and so on), or with a custom replacement for numbers and strings.",
		maskDef(), func(s smt.Side) connect.Transformation { return &maskField{Side: s} })
	single("RegexRouter", "Updates the record topic using the configured regular expression and replacement string. The expression is Java's; it must match the whole topic, and its first match is replaced.",
		routerDef(), func() connect.Transformation { return &regexRouter{} })
	sided("ReplaceField", "Filters or renames fields.", replaceDef(), func(s smt.Side) connect.Transformation { return &replaceField{Side: s} })
	sided("SetSchemaMetadata", "Sets the schema name, version, or both on the record's key or value schema.", config.Of[schemaMetadataSettings](),
		func(s smt.Side) connect.Transformation { return &setSchemaMetadata{Side: s} })
	sided("TimestampConverter", "Converts timestamps between different formats such as Unix epoch, strings, and Connect Date/Timestamp types. Applies to individual fields or to the entire value.",
		config.Of[timestampSettings](), func(s smt.Side) connect.Transformation { return &timestampConverter{Side: s} })
	single("TimestampRouter", "Updates the record's topic as a function of the original topic and the record timestamp, in UTC. Mainly useful for sink connectors, where the topic often names a table or an index.",
		timestampRouterDef(), func() connect.Transformation { return &timestampRouter{} })
	single("ValueToKey", "Replaces the record key with a new key formed from a subset of fields in the record value.",
		valueToKeyDef(), func() connect.Transformation { return &valueToKey{} })
	return append(append(out, debezium.Register()...), thirdparty.Register()...)
}

// nonEmpty defines C's keys, the named ones being lists that must not be empty.
func nonEmpty[C any](keys ...string) *config.Def {
	def := config.Of[C]()
	for _, name := range keys {
		k, _ := def.Key(name)
		k.Check = smt.NotEmpty
	}
	return def
}
