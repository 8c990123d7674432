// Package avroconv is Confluent's AvroConverter: the same schemas, bytes and errors as the Java class, from codecs that are compiled once
// per schema and write and read structs by position. Writing makes no allocation.
//
// It differs from Java where Java loses or mixes up data:
//   - With use.latest.version or use.schema.id a record is written with the registered schema by field name, with promotions and defaults.
//     Java writes by position.
//   - Two different schemas of one name in a record are an error. Java registers a text in which the second is a reference to the first.
//   - Values of union branches that share a Java class (bytes and fixed), and of int8, int16 and map branches, are read into their own member.
//     Java takes the first that fits, or fails.
//   - A fixed of the wrong length is an error. Java cuts it or fails later.
//   - Bytes are taken without a schema; the default of a map whose keys are no strings is read.
//   - A schema that the topic's subject does not have is read without a version. Java fails.
//   - connect_union_<n>, of generalized.sum.type.support, is numbered within its schema. Java numbers through the converter's life.
//   - A record that contains itself is refused: Connect schemas are trees here.
//   - Maps are written in their own order, Java's in that of its hash table.
package avroconv
