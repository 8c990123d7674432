// Package jsonschemaconv is Confluent's JsonSchemaConverter: JSON that a JSON Schema in the registry describes. Plans are compiled once per
// schema; structs are written and read by position, and writing makes no allocation.
package jsonschemaconv
