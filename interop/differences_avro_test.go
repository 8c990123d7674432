//go:build interop

package interop

import "strings"

// avroDifferences are those from AvroData; some are of the copy that Maven Central has, which is older than what we follow.
var avroDifferences = []deliberateDifference{
	{"two different schemas of one name are refused; in Java the text makes the second a reference to the first", func(c *javaCase, diff string) bool {
		return c.Kind == "avro-write" && strings.HasPrefix(diff, "failed") && strings.Contains(diff, "Can't redefine: ")
	}},
	{"the null of a union is read with its schema; Java's converter returns nothing, and the sink task fails", func(c *javaCase, _ string) bool {
		return c.Kind == "avro-read" && c.Result != nil && c.Result.Schema == nil && c.Result.Value == nil && strings.HasPrefix(c.Avro, "[")
	}},
	{"a fixed of logical type decimal is a Decimal, on which the old AvroData fails", func(c *javaCase, _ string) bool {
		return c.Kind == "avro-read" && c.javaSays("Mismatched names: name already added to SchemaBuilder (org.apache.kafka.connect.data.Decimal)")
	}},
	{"int8 and int16 in a union are read into their member, which Java does not find", func(c *javaCase, _ string) bool {
		return c.Kind == "avro-read" && c.javaSays("Did not find matching union field for data") && strings.Contains(c.Avro, `"connect.type":"int`)
	}},
	{"bytes in a union with a fixed are read into their own member, in Java into the first that holds bytes", func(c *javaCase, diff string) bool {
		return c.Kind == "avro-read" && strings.HasPrefix(diff, "value ") && strings.Contains(c.Avro, `"type":"fixed"`) && strings.Contains(c.Avro, `"bytes"`) && strings.Contains(diff, "Struct{bytes=")
	}},
	{"arrays of doubles are read as they are written, in Apache Avro 1.12.0 as floats", func(c *javaCase, diff string) bool {
		return c.Kind == "avro-read" && strings.HasPrefix(diff, "value ") && (strings.Contains(c.Avro, `"items":"double"`) || strings.Contains(c.Avro, `"items":{"type":"double"`))
	}},
	{"the default of a union field is read, where the old AvroData calls itself until the stack overflows", func(c *javaCase, _ string) bool {
		return c.Kind == "avro-read" && c.Error != nil && c.Error.Class == "java.lang.StackOverflowError" && strings.Contains(c.Avro, `"default":`)
	}},
	{"the default of a union field is read, which the old AvroData leaves out further down", func(c *javaCase, diff string) bool {
		return c.Kind == "avro-read" && strings.HasPrefix(diff, "schema ") && strings.Contains(diff, "Schema{io.confluent.connect.avro.Union:STRUCT}(optional false, version false 0, default true")
	}},
}
