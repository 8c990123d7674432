// Package avroschema reads, prints and compares Avro schemas as Apache Avro's Java library does, so that texts, and with them the ids of
// a schema registry, agree with what Java programs register. Every property that Avro itself does not know is kept, in its order.
package avroschema
