// Package protoconv is Confluent's ProtobufConverter: the same schemas, bytes and errors as the Java class, from codecs that are compiled
// once per schema and write and read structs by position. Writing makes no allocation.
//
// It differs from Java where Java loses or mixes up data, or makes what others cannot read:
//   - With use.latest.version or use.schema.id a record is written with the registered message, by field name, else by the number that a
//     parameter names. Java writes the numbers of the record's own schema.
//   - Fields without a number parameter get numbers that no other field has. Java may give one twice, after InsertField for example.
//   - A nested type that would have the name of another field, or of a type of Protobuf, gets the suffix Message. Java fails, or writes a file
//     that says something else.
//   - The import of confluent/meta.proto is written where its options are used; schemas that lack it are read.
//   - Two different structs of one name within a message, and arrays of maps, are an error. Java writes one as the other.
//   - Defaults of fields are not written: proto3 has none. A null with a default is written as the default.
//   - A number that does not fit the registered type is an error. Java cuts it.
//   - Fields that are messages, and fields labelled optional, are optional in every mode, as they may be missing.
//   - A date that is not complete is an error that names its field. A null in an array is one, too; a member of a union that is set beside
//     another is left out.
//   - A message that contains itself, as google.protobuf.Struct does, is refused: Connect schemas are trees here.
//   - A schema that the topic's subject does not have is read without a version. Java fails.
//   - Maps are written in their own order, Java's in that of its hash table.
package protoconv
