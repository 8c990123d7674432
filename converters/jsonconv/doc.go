// Package jsonconv is Kafka Connect's JsonConverter: the same bytes, schemas and errors as the Java class, from plans compiled once per
// schema. Writing makes no allocation; reading parses a schema once per distinct text of it.
package jsonconv
