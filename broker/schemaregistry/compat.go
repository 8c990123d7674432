package schemaregistry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// level is a compatibility level.
type level struct {
	name                          string
	backward, forward, transitive bool
}

var levels = []level{
	{"NONE", false, false, false}, {"BACKWARD", true, false, false}, {"BACKWARD_TRANSITIVE", true, false, true}, {"FORWARD", false, true, false},
	{"FORWARD_TRANSITIVE", false, true, true}, {"FULL", true, true, false}, {"FULL_TRANSITIVE", true, true, true},
}

// parseLevel accepts any case.
func parseLevel(s string) (level, bool) {
	i := slices.IndexFunc(levels, func(l level) bool { return l.name == strings.ToUpper(s) })
	if i < 0 {
		return level{}, false
	}
	return levels[i], true
}

// turned tells differences for the direction FORWARD, in which the old schema reads what the new one wrote.
var turned = strings.NewReplacer("new schema", "old schema", "old schema", "new schema", "New schema", "Old schema", "Old schema", "New schema")

// incompatible says what keeps a new schema from being registered beside old ones, in the order of their numbers; of
// those the level may ask for the last one only. lenient lets optional properties of JSON Schemas come and go.
func incompatible(s *state, p *parser, c config, language string, schema parsed, old []*version) ([]string, *Error) {
	l, ok := parseLevel(c.Level)
	if !ok {
		return nil, errInvalidLevel()
	}
	if l.name == "NONE" || len(old) == 0 {
		return nil, nil
	}
	if !l.transitive {
		old = old[len(old)-1:]
	}
	for _, v := range slices.Backward(old) {
		if v.content.language != language {
			return explained([]string{fmt.Sprintf("{errorType:\"SCHEMA_TYPE_CHANGED\", description:\"The new schema is of type %s, the old schema is of type %s\"}", language, v.content.language)}, v, l), nil
		}
		before, err := p.stored(s, v)
		if err != nil {
			return nil, err
		}
		var found []string
		if l.backward {
			found = languages[language].incompatibilities(schema, before)
		}
		if l.forward {
			for _, text := range languages[language].incompatibilities(before, schema) {
				found = append(found, turned.Replace(text))
			}
		}
		if strings.EqualFold(c.Policy, "LENIENT") {
			found = slices.DeleteFunc(found, lenient)
		}
		if len(found) > 0 {
			return explained(found, v, l), nil
		}
	}
	return nil, nil
}

// lenient reports whether compatibilityPolicy=LENIENT lets a difference pass.
func lenient(text string) bool {
	return strings.Contains(text, `errorType:"PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"`) || strings.Contains(text, `errorType:"PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL"`)
}

func explained(found []string, v *version, l level) []string {
	return append(found, fmt.Sprintf("{oldSchemaVersion: %d}", v.number), fmt.Sprintf("{oldSchema: '%s'}", v.content.text), fmt.Sprintf("{compatibility: '%s'}", l.name))
}

// inGroup returns the versions that a new schema is compared with: not deleted, and of its compatibility group.
func inGroup(versions []*version, group string, c *content) []*version {
	var out []*version
	for _, v := range versions {
		if !v.deleted && (group == "" || property(v.content, group) == property(c, group)) {
			out = append(out, v)
		}
	}
	return out
}

func property(c *content, name string) string {
	var m metadata
	if c.metadata == nil || json.Unmarshal(c.metadata, &m) != nil {
		return ""
	}
	return m.Properties[name]
}
