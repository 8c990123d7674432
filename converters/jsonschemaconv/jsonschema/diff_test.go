package jsonschema

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// diffCases has pairs of schemas and what keeps the first from reading the second; each backwards is left to another row.
var diffCases = []struct{ name, reader, writer, want string }{
	{"the same", `{"type":"string"}`, `{"type":"string"}`, ""},
	{"annotations", `{"type":"string","title":"a","description":"b"}`, `{"type":"string","title":"c","default":"x"}`, ""},
	{"widened to anything", `{}`, `{"type":"string"}`, ""},
	{"narrowed from anything", `{"type":"string"}`, `{}`, "TYPE_NARROWED #/"},
	{"true reads all", `true`, `{"type":"object","required":["a"]}`, ""},
	{"false reads none", `false`, `{"type":"object"}`, "TYPE_NARROWED #/"},
	{"other type", `{"type":"string"}`, `{"type":"integer"}`, "TYPE_CHANGED #/"},
	{"integer to number", `{"type":"number"}`, `{"type":"integer"}`, ""},
	{"number to integer", `{"type":"integer"}`, `{"type":"number"}`, "TYPE_NARROWED #/"},
	{"nullable by type", `{"type":["string","null"]}`, `{"type":"string"}`, ""},
	{"no longer nullable by type", `{"type":"string"}`, `{"type":["string","null"]}`, "TYPE_NARROWED #/"},
	{"nullable by oneOf", `{"oneOf":[{"type":"null"},{"type":"string"}]}`, `{"type":"string"}`, ""},
	{"no longer nullable by oneOf", `{"type":"string"}`, `{"oneOf":[{"type":"null"},{"type":"string"}]}`, "SUM_TYPE_NARROWED #/oneOf/0"},
	{"string limits", `{"type":"string","maxLength":5,"minLength":2,"pattern":"a"}`, `{"type":"string"}`, "MAX_LENGTH_ADDED #/maxLength, MIN_LENGTH_ADDED #/minLength, PATTERN_ADDED #/pattern"},
	{"string limits tightened", `{"type":"string","maxLength":5,"minLength":2,"pattern":"a"}`, `{"type":"string","maxLength":6,"minLength":1,"pattern":"b"}`, "MAX_LENGTH_DECREASED #/maxLength, MIN_LENGTH_INCREASED #/minLength, PATTERN_CHANGED #/pattern"},
	{"string limits loosened", `{"type":"string","maxLength":6,"minLength":1}`, `{"type":"string","maxLength":5,"minLength":2,"pattern":"a"}`, ""},
	{"number limits", `{"type":"number","maximum":5,"minimum":2,"multipleOf":4}`, `{"type":"number","maximum":6.5,"exclusiveMinimum":3,"multipleOf":2}`, "MAXIMUM_DECREASED #/maximum, MULTIPLE_OF_EXPANDED #/multipleOf"},
	{"number limits added", `{"type":"number","exclusiveMaximum":5,"exclusiveMinimum":2,"multipleOf":3}`, `{"type":"number"}`, "EXCLUSIVE_MAXIMUM_ADDED #/exclusiveMaximum, EXCLUSIVE_MINIMUM_ADDED #/exclusiveMinimum, MULTIPLE_OF_ADDED #/multipleOf"},
	{"multiple of a divisor", `{"type":"integer","multipleOf":2}`, `{"type":"integer","multipleOf":4}`, ""},
	{"multiple changed", `{"type":"integer","multipleOf":3}`, `{"type":"integer","multipleOf":4}`, "MULTIPLE_OF_CHANGED #/multipleOf"},
	{"draft 4 exclusive", `{"$schema":"http://json-schema.org/draft-04/schema#","type":"number","maximum":5,"exclusiveMaximum":true}`, `{"$schema":"http://json-schema.org/draft-04/schema#","type":"number","maximum":5}`, "EXCLUSIVE_MAXIMUM_ADDED #/exclusiveMaximum"},
	{"enum extended", `{"type":"string","enum":["a","b"]}`, `{"type":"string","enum":["a"]}`, ""},
	{"enum narrowed", `{"type":"string","enum":["a"]}`, `{"type":"string","enum":["a","b"]}`, "ENUM_ARRAY_NARROWED #/enum"},
	{"enum changed", `{"enum":["a"]}`, `{"enum":["b"]}`, "ENUM_ARRAY_CHANGED #/enum"},
	{"enum added", `{"type":"string","enum":["a"]}`, `{"type":"string"}`, "ENUM_ARRAY_CHANGED #/enum"},
	{"enum to its type", `{"type":"string"}`, `{"enum":["a"]}`, ""},
	{"numbers of an enum", `{"enum":[1.0,2]}`, `{"const":1}`, ""},

	{"property added to open", `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}}`, `{"type":"object","properties":{"a":{"type":"string"}}}`, "PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/b"},
	{"empty property added to open", `{"type":"object","properties":{"b":{}}}`, `{"type":"object"}`, ""},
	{"property removed from open", `{"type":"object"}`, `{"type":"object","properties":{"a":{"type":"string"}}}`, ""},
	{"property added to closed", `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"additionalProperties":false}`, `{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}`, ""},
	{"required property added to closed", `{"type":"object","properties":{"b":{"type":"string"}},"required":["b"],"additionalProperties":false}`, `{"type":"object","additionalProperties":false}`, "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/b"},
	{"required property with default added to closed", `{"type":"object","properties":{"b":{"type":"string","default":""}},"required":["b"],"additionalProperties":false}`, `{"type":"object","additionalProperties":false}`, ""},
	{"property removed from closed", `{"type":"object","additionalProperties":false}`, `{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}`, "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/a"},
	{"property added, covered", `{"type":"object","properties":{"b":{"type":["string","null"]}},"additionalProperties":{"type":"string"}}`, `{"type":"object","additionalProperties":{"type":"string"}}`, ""},
	{"property added, not covered", `{"type":"object","properties":{"b":{"type":"integer"}},"additionalProperties":{"type":"string"}}`, `{"type":"object","additionalProperties":{"type":"string"}}`, "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/b"},
	{"property removed, covered", `{"type":"object","additionalProperties":{"type":"string"}}`, `{"type":"object","properties":{"b":{"type":"string"}},"additionalProperties":{"type":"string"}}`, ""},
	{"property removed, not covered", `{"type":"object","additionalProperties":{"type":"string"}}`, `{"type":"object","properties":{"b":{"type":"integer"}},"additionalProperties":{"type":"string"}}`, "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/b"},
	{"pattern covers", `{"type":"object","patternProperties":{"^s_":{"type":"string"}},"additionalProperties":false}`, `{"type":"object","properties":{"s_a":{"type":"string"}},"additionalProperties":false}`, ""},
	{"closed", `{"type":"object","additionalProperties":false}`, `{"type":"object"}`, "ADDITIONAL_PROPERTIES_REMOVED #/additionalProperties"},
	{"opened", `{"type":"object"}`, `{"type":"object","additionalProperties":false}`, ""},
	{"partially closed", `{"type":"object","additionalProperties":{"type":"string"}}`, `{"type":"object"}`, "ADDITIONAL_PROPERTIES_NARROWED #/additionalProperties"},
	{"required added", `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`, `{"type":"object","properties":{"a":{"type":"string"}}}`, "REQUIRED_ATTRIBUTE_ADDED #/required/a"},
	{"required with default added", `{"type":"object","properties":{"a":{"type":"string","default":"x"}},"required":["a"]}`, `{"type":"object","properties":{"a":{"type":"string"}}}`, ""},
	{"required removed", `{"type":"object","properties":{"a":{"type":"string"}}}`, `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`, ""},
	{"below", `{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"}}}}}`, `{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"boolean"}}}}}`, "TYPE_CHANGED #/properties/a/properties/b"},
	{"counts", `{"type":"object","minProperties":1,"maxProperties":2}`, `{"type":"object","maxProperties":3}`, "MAX_PROPERTIES_DECREASED #/maxProperties, MIN_PROPERTIES_ADDED #/minProperties"},
	{"dependencies", `{"type":"object","dependencies":{"a":["b"],"c":{"required":["d"]}}}`, `{"type":"object"}`, "DEPENDENCY_ARRAY_ADDED #/dependencies/a, DEPENDENCY_SCHEMA_ADDED #/dependencies/c"},

	{"items", `{"type":"array","items":{"type":"string"}}`, `{"type":"array","items":{"type":"integer"}}`, "TYPE_CHANGED #/items"},
	{"items added", `{"type":"array","items":{"type":"string"}}`, `{"type":"array"}`, "TYPE_NARROWED #/items"},
	{"items removed", `{"type":"array"}`, `{"type":"array","items":{"type":"string"}}`, ""},
	{"array limits", `{"type":"array","minItems":1,"maxItems":2,"uniqueItems":true}`, `{"type":"array"}`, "MAX_ITEMS_ADDED #/maxItems, MIN_ITEMS_ADDED #/minItems, UNIQUE_ITEMS_ADDED #/uniqueItems"},
	{"tuple item added to open", `{"type":"array","items":[{},{"type":"string"}]}`, `{"type":"array","items":[{}]}`, "ITEM_ADDED_TO_OPEN_CONTENT_MODEL #/items/1"},
	{"tuple item removed from closed", `{"type":"array","items":[{}],"additionalItems":false}`, `{"type":"array","items":[{},{"type":"string"}],"additionalItems":false}`, "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL #/items/1"},
	{"2020 tuple", `{"$schema":"https://json-schema.org/draft/2020-12/schema","prefixItems":[{"type":"string"}],"items":false}`, `{"$schema":"https://json-schema.org/draft/2020-12/schema","prefixItems":[{"type":"integer"}]}`, "TYPE_CHANGED #/items/0, ADDITIONAL_ITEMS_REMOVED #/additionalItems"},

	{"alternatives in another order", `{"oneOf":[{"type":"string"},{"type":"integer"}]}`, `{"oneOf":[{"type":"integer"},{"type":"string"}]}`, ""},
	{"alternative added", `{"oneOf":[{"type":"string"},{"type":"integer"},{"type":"null"}]}`, `{"oneOf":[{"type":"integer"},{"type":"string"}]}`, ""},
	{"alternative removed", `{"anyOf":[{"type":"string"}]}`, `{"anyOf":[{"type":"integer"},{"type":"string"}]}`, "SUM_TYPE_NARROWED #/anyOf/0"},
	{"below an alternative", `{"oneOf":[{"type":"null"},{"type":"object","properties":{"a":{"type":"string"}}}]}`, `{"oneOf":[{"type":"null"},{"type":"object","properties":{"a":{"type":"integer"}}}]}`, "TYPE_CHANGED #/properties/a"},
	{"condition added", `{"allOf":[{"type":"string"},{"maxLength":3}]}`, `{"type":"string"}`, "MAX_LENGTH_ADDED #/maxLength"},
	{"condition removed", `{"allOf":[{"type":"object"}]}`, `{"allOf":[{"type":"object"},{"required":["a"]}]}`, ""},
	{"not", `{"not":{"type":["string","null"]}}`, `{"not":{"type":"string"}}`, "NOT_TYPE_EXTENDED #/not"},
	{"not narrowed", `{"not":{"type":"string"}}`, `{"not":{"type":["string","null"]}}`, ""},
	{"references", `{"$ref":"#/definitions/a","definitions":{"a":{"type":"object","properties":{"n":{"$ref":"#/definitions/a"},"v":{"type":"string"}}}}}`, `{"type":"object","properties":{"n":{"$ref":"#"},"v":{"type":"integer"}}}`, "TYPE_CHANGED #/properties/n/properties/v, TYPE_CHANGED #/properties/v"},
	{"a list of itself", `{"type":"object","properties":{"next":{"oneOf":[{"type":"null"},{"$ref":"#"}]}}}`, `{"type":"object","properties":{"next":{"oneOf":[{"type":"null"},{"$ref":"#"}]}}}`, ""},
}

func TestDifferences(t *testing.T) {
	for _, c := range diffCases {
		var got []string
		for _, d := range Differences(mustParse(t, c.reader), mustParse(t, c.writer)) {
			got = append(got, d.Type+" "+d.Path)
		}
		if g := strings.Join(got, ", "); g != c.want {
			t.Errorf("%s:\n  got  %s\n  want %s", c.name, g, c.want)
		}
	}
}

func TestMessage(t *testing.T) {
	got := Incompatibilities(mustParse(t, `{"type":"object","properties":{"a":{"type":"string"}}}`), mustParse(t, `{"type":"object"}`))
	want := []string{`{errorType:"PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", description:"The new schema has an open content model and has a property or item at path '#/properties/a' which is missing in the old schema"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestComparisonIsBounded compares alternatives of alternatives, which would take 6^8 steps.
func TestComparisonIsBounded(t *testing.T) {
	nest := func(leaf string) string {
		text := leaf
		for range 4 {
			text = "{\"anyOf\":[" + strings.TrimSuffix(strings.Repeat(fmt.Sprintf("{\"type\":\"array\",\"items\":%s},", text), 6), ",") + "]}"
		}
		return text
	}
	diff := Differences(mustParse(t, nest(`{"type":"string"}`)), mustParse(t, nest(`{"type":"integer"}`)))
	if len(diff) == 0 {
		t.Error("different schemas are the same")
	}
}
