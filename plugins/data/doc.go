// Package data is Kafka Connect's data model in Go: schemas, values, structs and the four core logical types.
//
// A [Value] is a small tagged union: scalars, strings and bytes are held without allocation. Strings and bytes may alias a
// buffer owned by somebody else; whoever keeps a value longer than the call it was handed to must [Value.Clone] it.
//
// A [Schema] is immutable after [Builder.Build]. Equal schemas need not be the same pointer, but every source of schemas
// (a plugin's frame stream, a converter) hands out one pointer per distinct schema, so caches may be keyed by pointer and
// [Schema.Equal] answers at once in the usual case.
package data
