//go:build interop

package interop

import "strings"

// A deliberateDifference is where we mean to differ from Java's classes; converters/README.md and transforms/README.md have the reasons.
type deliberateDifference struct {
	name     string
	explains func(c *javaCase, diff string) bool
}

var deliberateDifferences = []deliberateDifference{
	{"StringConverter prints bytes in hexadecimal, Java an object's address", func(c *javaCase, _ string) bool {
		return c.Kind == "write" && strings.HasSuffix(c.Class, ".StringConverter") && c.Result != nil && strings.Contains(string(c.Result.Bytes), "[B@")
	}},
	{"JsonConverter reports the schema that it cannot read before a member that an envelope lacks", func(c *javaCase, diff string) bool {
		return c.Kind == "read" && strings.HasSuffix(c.Class, ".JsonConverter") && c.Error != nil && strings.HasPrefix(c.Error.Message, "JsonConverter with schemas.enable requires") &&
			strings.Contains(strings.ToLower(diff), "schema")
	}},
	{"a Decimal schema without a legible scale is refused when it is read, in Java when its first value is", func(_ *javaCase, diff string) bool {
		return strings.Contains(diff, "Invalid Decimal schema: scale parameter not found.") || strings.Contains(diff, "Invalid scale parameter found in Decimal schema")
	}},
	{"MaskField goes through its fields in their order, in Java in that of a hash table, so another field's error may come first", func(c *javaCase, diff string) bool {
		return strings.Contains(c.Class, ".MaskField$") && c.Error != nil && strings.HasPrefix(diff, "failed with")
	}},
	{"the letters Y w W F u of date patterns are written, not read", func(c *javaCase, diff string) bool {
		return strings.Contains(c.Class, ".TimestampConverter$") && strings.Contains(diff, "can be written but not read")
	}},
	{"of two mistakes in one record another is named first", func(c *javaCase, diff string) bool {
		return (strings.Contains(c.Class, ".TimestampConverter$") || strings.Contains(c.Class, ".HeaderFrom$")) && c.Error != nil && strings.HasPrefix(diff, "failed with") &&
			strings.Contains(diff, "null used for required field")
	}},
	{"TimestampRouter's error describes the record in short", func(c *javaCase, diff string) bool {
		return strings.HasSuffix(c.Class, ".TimestampRouter") && strings.HasPrefix(diff, `failed with "Timestamp missing on record: `)
	}},
	{"headers with containers of several types within one have no schema, in Java that of the last", func(c *javaCase, diff string) bool {
		return c.Kind == "header-read" && strings.HasPrefix(diff, "schema null, Java Schema{") && c.Result != nil && c.Result.Schema.Value != nil &&
			(c.Result.Schema.Value.Type == "array" || c.Result.Schema.Value.Type == "map")
	}},
}
