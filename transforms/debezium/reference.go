package debezium

import (
	"strings"

	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

// A reference names a field of an envelope that is to be added as a field or header.
type reference struct {
	parent string // the struct that has it; "": the envelope
	field  string
	name   string // of what is added
}

// parseReferences reads a list of field, struct.field, each with an optional :name.
func parseReferences(key, prefix string, list []string) ([]reference, error) {
	var out []reference
	for _, text := range list {
		parts := strings.Split(text, ":")
		if len(parts) > 2 || parts[0] == "" {
			return nil, smt.ConfigErr(key, "Unexpected field name: %s", text)
		}
		var r reference
		path := strings.Split(parts[0], ".")
		if len(path) == 1 {
			r.field, r.parent = path[0], parentOf(path[0])
			r.name = prefix + r.field
		} else {
			r.field, r.parent = path[1], path[0]
			r.name = prefix + r.parent + "_" + r.field
		}
		if len(parts) == 2 {
			r.name = prefix + parts[1]
		}
		out = append(out, r)
	}
	return out, nil
}

// parentOf tells where an unqualified field is.
func parentOf(field string) string {
	switch field {
	case "op", "ts_ms", "ts_us", "ts_ns":
		return ""
	case "id", "data_collection_order", "total_order":
		return "transaction"
	case "updateDescription":
		return "updateDescription"
	}
	return "source"
}

// A place is where a reference leads in an envelope schema.
type place struct {
	name   string
	schema *data.Schema // always optional
	parent int          // index of the struct in the envelope; -1: the envelope itself
	field  int
}

// find looks a reference up; ok is false for a field that does not exist, which is skipped.
func (r *reference) find(envelope *data.Schema) (p place, ok bool, err error) {
	p = place{name: r.name, parent: -1}
	f, found := data.Field{}, false
	if r.parent != "" {
		if parent, there := envelope.Field(r.parent); there && parent.Schema.Type() == data.StructType {
			f, found = parent.Schema.Field(r.field)
			p.parent = parent.Index
		}
	}
	if !found { // another transformation may have put it at the top
		p.parent = -1
		if f, found = envelope.Field(r.field); !found {
			return p, false, nil
		}
	}
	p.field = f.Index
	p.schema, err = smt.Same(f.Schema).Optional().Build()
	return p, true, err
}

func findAll(refs []reference, envelope *data.Schema) (out []place, err error) {
	for i := range refs {
		p, ok, err := refs[i].find(envelope)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, p)
		}
	}
	return out, nil
}

// value returns what is at the place; null without the struct around it, as there is no transaction in snapshots.
func (p *place) value(envelope *data.Struct) data.Value {
	st := envelope
	if p.parent >= 0 {
		if st = envelope.At(p.parent).Struct(); st == nil {
			return data.Null()
		}
	}
	v := st.At(p.field)
	if inner := v.Struct(); inner != nil {
		return data.StructValue(data.StructOn(p.schema, inner.Values()))
	}
	return v
}
