package jsonschema

import "strings"

// descriptions has the sentence of a difference, with %s for its path, where the name alone does not give it.
var descriptions = map[string]string{
	"TYPE_CHANGED":                                                 "The type at path '%s' in the new schema is different from the old schema",
	"TYPE_NARROWED":                                                "The type at path '%s' in the new schema does not include all that the old schema allows",
	"SUM_TYPE_NARROWED":                                            "The new schema has no alternative for the one at path '%s' in the old schema",
	"COMBINED_TYPE_CHANGED":                                        "What is combined at path '%s' in the new schema does not take all that the old schema allows",
	"PRODUCT_TYPE_EXTENDED":                                        "The new schema has a further condition at path '%s' which is missing in the old schema",
	"NOT_TYPE_EXTENDED":                                            "The new schema excludes more at path '%s' than the old schema",
	"PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL":                         "The new schema has an open content model and has a property or item at path '%s' which is missing in the old schema",
	"ITEM_ADDED_TO_OPEN_CONTENT_MODEL":                             "The new schema has an open content model and has a property or item at path '%s' which is missing in the old schema",
	"PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL":                   "The new schema has a closed content model and is missing a property or item present at path '%s' in the old schema",
	"ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL":                       "The new schema has a closed content model and is missing a property or item present at path '%s' in the old schema",
	"PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL":   "The new schema has a property or item at path '%s' which the partially open content model of the old schema does not cover",
	"ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL":       "The new schema has a property or item at path '%s' which the partially open content model of the old schema does not cover",
	"PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": "The partially open content model of the new schema does not cover the property or item at path '%s' in the old schema",
	"ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL":     "The partially open content model of the new schema does not cover the property or item at path '%s' in the old schema",
	"REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL":              "The new schema has a required property without default at path '%s' which is missing in the old schema",
	"REQUIRED_ATTRIBUTE_ADDED":                                     "The new schema requires a property without default at path '%s' which the old schema does not require",
	"ADDITIONAL_PROPERTIES_REMOVED":                                "The new schema forbids at path '%s' additional properties which the old schema allows",
	"ADDITIONAL_PROPERTIES_NARROWED":                               "The new schema restricts at path '%s' additional properties which the old schema leaves open",
	"ADDITIONAL_ITEMS_REMOVED":                                     "The new schema forbids at path '%s' additional items which the old schema allows",
	"ADDITIONAL_ITEMS_NARROWED":                                    "The new schema restricts at path '%s' additional items which the old schema leaves open",
	"ENUM_ARRAY_NARROWED":                                          "An enum array in the new schema is missing values of path '%s' in the old schema",
	"ENUM_ARRAY_CHANGED":                                           "An enum array at path '%s' in the new schema has other values than the old schema",
	"COMPARISON_TOO_LARGE":                                         "The new schema and the old schema are too large to compare at path '%s': simplify their alternatives or set the compatibility to NONE",
}

// endings has the sentence of the differences that are the same for many keywords.
var endings = []struct{ suffix, text string }{
	{"_ADDED", "The keyword at path '%s' in the new schema is not present in the old schema"},
	{"_DECREASED", "The value at path '%s' in the new schema is less than in the old schema"},
	{"_INCREASED", "The value at path '%s' in the new schema is more than in the old schema"},
	{"_EXPANDED", "The value at path '%s' in the new schema is a multiple of that in the old schema"},
	{"_EXTENDED", "The array at path '%s' in the new schema has elements that are missing in the old schema"},
}

func description(kind string) string {
	if text, ok := descriptions[kind]; ok {
		return text
	}
	for _, e := range endings {
		if strings.HasSuffix(kind, e.suffix) {
			return e.text
		}
	}
	return "The keyword at path '%s' in the new schema is different from the old schema"
}
