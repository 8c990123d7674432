//go:build interop

package interop

import "strings"

// debeziumDifferences are those from Debezium's transformations. Most are cases in which Debezium fails, or makes something of no use.
var debeziumDifferences = []deliberateDifference{
	{"settings that do not fit are named, Debezium says only that it cannot validate", func(c *javaCase, diff string) bool {
		return strings.HasPrefix(c.Class, "io.debezium.") && c.javaSays("Unable to validate config.") && strings.HasPrefix(diff, "failed with")
	}},
	{"a struct that is added as a field or header keeps its fields, Debezium's copy of the schema has none", func(c *javaCase, diff string) bool {
		if !strings.HasSuffix(c.Class, ".ExtractNewRecordState") || !addsStruct(c.Config["add.fields"]+","+c.Config["add.headers"]) {
			return false
		}
		return c.javaSays("Struct schemas do not match.") || strings.HasPrefix(diff, "header ") && strings.Contains(diff, ": schema ") || strings.HasPrefix(diff, "value: schema ")
	}},
	{"a field of the transaction is skipped in events that know of none, where Debezium dereferences null", func(c *javaCase, _ string) bool {
		return strings.HasSuffix(c.Class, ".ExtractNewRecordState") && c.javaSays(`"org.apache.kafka.connect.data.Field.schema()" because`)
	}},
	{"a field that would be added twice is refused with the first event, in Debezium with the first that gets it", func(c *javaCase, diff string) bool {
		return strings.HasSuffix(c.Class, ".ExtractNewRecordState") && strings.HasPrefix(diff, "failed: Cannot create field because of field name duplication") &&
			c.Result != nil && (c.Result.Record == nil || c.Result.Record.Value == nil)
	}},
	{"of two mistakes, one of them the type of the column in route.by.field, the other may be reported", func(c *javaCase, diff string) bool {
		return strings.HasSuffix(c.Class, ".ExtractNewRecordState") && c.Error != nil && strings.HasPrefix(diff, "failed with ") && strings.Contains(diff, "Field 'route' is not of type STRING")
	}},
	{"there is nothing to drop from a null value or a key that is no struct, where Debezium fails", func(c *javaCase, _ string) bool {
		return strings.HasSuffix(c.Class, ".ExtractNewRecordState") && c.Config["drop.fields.header.name"] != "" &&
			(c.javaSays(`"org.apache.kafka.connect.data.Schema.fields()" because`) || c.javaSays("Cannot list fields on non-struct type") || c.javaSays("Only Struct objects supported for [field replacement]"))
	}},
	{"rows that lose fields keep their nulls if replace.null.with.default=false, in Debezium they get defaults", func(c *javaCase, diff string) bool {
		return strings.HasSuffix(c.Class, ".ExtractNewRecordState") && c.Config["drop.fields.header.name"] != "" && c.Config["replace.null.with.default"] == "false" &&
			(strings.HasPrefix(diff, "value: value ") || strings.HasPrefix(diff, "key: value "))
	}},
	{"a required column that is unset gets its default, where Debezium fails", func(c *javaCase, _ string) bool {
		return strings.Contains(c.Class, "LogicalT") && c.javaSays("Invalid value: null used for required field")
	}},
	{"a JSON payload is expanded, or kept as text with its own schema; Debezium pairs text with the schema that it inferred", func(c *javaCase, diff string) bool {
		if !strings.HasSuffix(c.Class, ".EventRouter") || c.Config["table.expand.json.payload"] != "true" {
			return false
		}
		if c.Error != nil {
			return c.javaSays("Invalid Java object for schema") && c.javaSays("class java.lang.String") || c.javaSays("fieldSchema for field payload cannot be null.") ||
				c.javaSays(`"Object.hashCode()" because "key" is null`)
		}
		r := c.Result.Record
		return r != nil && r.Value != nil && r.Value.S != nil && (r.ValueSchema == nil || r.ValueSchema.Type != "string") && strings.HasPrefix(diff, "value: ")
	}},
}

// javaSays is whether Java failed with such a text.
func (c *javaCase) javaSays(text string) bool {
	return c.Error != nil && strings.Contains(c.Error.Message, text)
}

// addsStruct is whether a list of fields to add names a whole struct of the envelope.
func addsStruct(list string) bool {
	for ref := range strings.SplitSeq(list, ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(ref), ":")
		if name == "source" || name == "transaction" {
			return true
		}
	}
	return false
}
