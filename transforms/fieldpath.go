package transforms

import (
	"strings"

	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

// A fieldPath leads to a field, through nested ones in syntax V2 (KIP-821).
type fieldPath struct {
	text  string
	steps []string
}

// parsePath splits a path at dots. A step may stand in backticks, and then contain dots; a backtick ends it only before a dot or the
// end, unless a backslash stands before it.
func parsePath(text string, nested bool) (fieldPath, error) {
	p := fieldPath{text: text}
	if !nested {
		p.steps = []string{text}
		return p, nil
	}
	if text == "" || text == "``" {
		return p, nil
	}
	for rest, from := text, 0; ; {
		step, used := rest, len(rest)
		if strings.HasPrefix(rest, "`") {
			end := closing(rest)
			if end < 0 {
				return p, smt.ConfigErr("field", "Incomplete backtick pair in path: [%s], consider adding a backslash before backtick at position %d to escape it", text, from)
			}
			step, used = strings.ReplaceAll(rest[1:end], "\\`", "`"), end+1
		} else if dot := strings.IndexByte(rest, '.'); dot >= 0 {
			step, used = rest[:dot], dot
		}
		p.steps = append(p.steps, step)
		if used == len(rest) {
			return p, nil
		}
		rest, from = rest[used+1:], from+used+1
	}
}

// closing finds the backtick that ends the step which s begins with.
func closing(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] == '`' && s[i-1] != '\\' && (i+1 == len(s) || s[i+1] == '.') {
			return i
		}
	}
	return -1
}

// indexes finds the way through a schema; ok is false for an unknown field.
func (p *fieldPath) indexes(s *data.Schema) (way []int, field *data.Schema, ok bool, err error) {
	for _, step := range p.steps {
		if s.Type() != data.StructType {
			return nil, nil, false, data.Errorf("Cannot look up fields on non-struct type")
		}
		f, found := s.Field(step)
		if !found {
			return nil, nil, false, nil
		}
		way, s = append(way, f.Index), f.Schema
	}
	return way, s, len(way) > 0, nil
}

// inMap looks a value up in nested maps; what is missing is null.
func (p *fieldPath) inMap(v data.Value) (data.Value, error) {
	purpose := "field extraction"
	for _, step := range p.steps {
		if v.IsNull() {
			return v, nil
		}
		m, err := smt.RequireMap(v, purpose)
		if err != nil {
			return v, err
		}
		v, _ = m.GetString(step)
		purpose = "nested field access"
	}
	if len(p.steps) == 0 {
		return data.Null(), nil
	}
	return v, nil
}
