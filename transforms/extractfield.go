package transforms

import (
	"fmt"
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type extractSettings struct {
	Field string `config:"field,required" importance:"medium" doc:"Field name to extract."`
	smt.NullDefault
	Syntax string `config:"field.syntax.version" default:"V1" enum:"V1|V2" fold:"true" importance:"high" doc:"Defines the version of the syntax to access fields. If set to <code>V1</code>, then the field paths are limited to access the elements at the root level of the struct or map. If set to <code>V2</code>, the syntax will support accessing nested elements. To access nested elements, dotted notation is used. If dots are already included in the field name, then backtick pairs can be used to wrap field names containing dots. E.g. to access the subfield <code>baz</code> from a field named \"foo.bar\" in a struct/map the following format can be used to access its elements: \"<code>foo.bar</code>.baz\"."`
}

type extractField struct {
	smt.Side
	extractSettings
	path  fieldPath
	plans smt.Planner[extraction]
}

type extraction struct {
	way    []int
	schema *data.Schema
}

func (t *extractField) Configure(props connect.Props) (err error) {
	if t.extractSettings, err = config.Parse[extractSettings](props); err != nil {
		return err
	}
	t.path, err = parsePath(t.Field, strings.EqualFold(t.Syntax, "V2"))
	return err
}

func (t *extractField) Apply(r *connect.Record) (bool, error) {
	s, v := t.Get(r)
	if s == nil {
		if !v.IsNull() && v.Kind() != data.KindMap {
			_, err := smt.RequireMap(v, "field extraction")
			return true, err
		}
		out, err := t.path.inMap(v)
		if err != nil {
			return true, err
		}
		t.Set(r, nil, out)
		return true, nil
	}
	var st *data.Struct
	if !v.IsNull() {
		var err error
		if st, err = smt.RequireStruct(v, "field extraction"); err != nil {
			return true, err
		}
	}
	plan, err := t.plans.Of(s, t.derive)
	if err != nil {
		return true, err
	}
	for i, step := range plan.way {
		if st == nil {
			v = data.Null()
			break
		}
		v = smt.At(st, step, t.Default)
		if i < len(plan.way)-1 {
			st = v.Struct()
		}
	}
	t.Set(r, plan.schema, v)
	return true, nil
}

func (t *extractField) derive(s *data.Schema) (extraction, error) {
	way, schema, ok, err := t.path.indexes(s)
	if err == nil && !ok {
		//lint:ignore ST1005 the text is Java's
		err = fmt.Errorf("Unknown field: %s", t.path.text)
	}
	return extraction{way, schema}, err
}
