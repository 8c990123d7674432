// Package transforms holds Kafka Connect's single message transforms. Each derives its output schema once per input schema, so that
// output schemas keep pointer identity, and copies values by position.
package transforms

import (
	"errors"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/registry"
)

const pkg = "org.apache.kafka.connect.transforms."

// Register returns the transformations; those that have a side are there twice, as $Key and $Value.
func Register() []registry.Entry {
	var out []registry.Entry
	sided := func(class, doc string, def *config.Def, make func(side) connect.Transformation) {
		for _, s := range []side{keySide, valueSide} {
			out = append(out, registry.Entry{
				Kind: registry.TransformationKind, Class: pkg + class + "$" + s.String(), Doc: doc, Config: def,
				NewTransformation: func() connect.Transformation { return make(s) },
			})
		}
	}
	single := func(class, doc string, def *config.Def, make func() connect.Transformation) {
		out = append(out, registry.Entry{Kind: registry.TransformationKind, Class: pkg + class, Doc: doc, Config: def, NewTransformation: make})
	}
	sided("ExtractField", "Extracts the specified field from a Struct when schema present, or a Map in the case of schemaless data. Any null values are passed through unmodified.",
		config.Of[extractSettings](), func(s side) connect.Transformation { return &extractField{side: s} })
	single("Filter", "Drops all records, filtering them from subsequent transformations in the chain. Use it with a predicate.",
		&config.Def{Keys: []config.Key{}}, func() connect.Transformation { return filter{} })
	sided("InsertField", "Inserts fields using attributes from the record metadata or a configured static value.",
		config.Of[insertSettings](), func(s side) connect.Transformation { return &insertField{side: s} })
	single("RegexRouter", "Updates the record topic using the configured regular expression and replacement string.",
		routerDef(), func() connect.Transformation { return &regexRouter{} })
	sided("ReplaceField", "Filters or renames fields.", replaceDef(), func(s side) connect.Transformation { return &replaceField{side: s} })
	sided("TimestampConverter", "Converts timestamps between different formats such as Unix epoch, strings, and Connect Date/Timestamp types. Applies to individual fields or to the entire value.",
		config.Of[timestampSettings](), func(s side) connect.Transformation { return &timestampConverter{side: s} })
	single("ValueToKey", "Replaces the record key with a new key formed from a subset of fields in the record value.",
		valueToKeyDef(), func() connect.Transformation { return &valueToKey{} })
	return out
}

// notEmpty is the rule of lists that must name something.
func notEmpty(v string) error {
	if v == "" {
		//lint:ignore ST1005 the text is Java's
		return errors.New("Empty list")
	}
	return nil
}

// configErr reports a problem in Java's words.
func configErr(key, text string) error {
	return &config.Error{Problems: []config.Problem{{Key: key, Msg: text}}}
}
