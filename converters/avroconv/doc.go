// Package avroconv is Confluent's AvroConverter: the same schemas, bytes and errors as the Java class, from codecs that are compiled once
// per schema and write and read structs by position. Writing makes no allocation.
package avroconv
