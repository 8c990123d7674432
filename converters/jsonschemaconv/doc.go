// Package jsonschemaconv is Confluent's JsonSchemaConverter: JSON that a JSON Schema in the registry describes. Plans are compiled once per
// schema; structs are written and read by position, and writing makes no allocation.
//
// It differs from Java where Java loses data, or leaves it to chance:
//   - The members of a schema's text have the order of the texts that Java's converter has registered; where those that were seen do not
//     tell (additionalProperties, description), normalize.schemas=true keeps subjects from new versions.
//   - Values without a schema are written with the schema {}, which is read as values without a schema.
//   - What stands beside allOf, enum or a list of types (title, description, default, connect.parameters) counts, and so does a default
//     beside the oneOf of an optional one.
//   - Properties of one connect.index stay. Java keeps one of them.
//   - An enum with null among its symbols is optional; an optional one leaves null out of its symbols when it is written, since a oneOf must
//     not fit twice. Symbols that are numbers are read as text.
//   - Members of a union that are bytes or decimals are found.
//   - A null default is none; with ignore.default.for.nullables a null in an optional field is read as null.
//   - A schema that the topic's subject does not have is read without a version.
//   - A part that takes any value ({}) is a Variant; JSON null there is the Variant null, and an optional Variant is written as an anyOf.
//   - An object or array that contains itself is refused: Connect schemas are trees here.
//   - preserve.additional.properties keeps properties of no known schema as JSON text.
//   - Maps are written in their own order, Java's in that of its hash table.
//
// As in Java, JSON of another type than the schema's is read as null, false or zero; json.fail.invalid.schema refuses it.
package jsonschemaconv
