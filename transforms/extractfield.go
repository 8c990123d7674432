package transforms

import (
	"fmt"
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

type extractSettings struct {
	Field   string `config:"field,required" importance:"medium" doc:"Field name to extract."`
	Syntax  string `config:"field.syntax.version" default:"V1" enum:"V1|V2" fold:"true" importance:"high" doc:"Defines the version of the syntax to access fields. If set to V1, then the field paths are limited to access the elements at the root level of the struct or map. If set to V2, the syntax will support accessing nested elements: dots part the names, and names that contain dots stand in backticks."`
	Default bool   `config:"replace.null.with.default" default:"true" importance:"medium" doc:"Whether to replace fields that have a default value and that are null to the default value. When set to true, the default value is used, otherwise null is used."`
}

type extractField struct {
	side
	extractSettings
	path  fieldPath
	plans planner[extraction]
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
	s, v := t.get(r)
	if s == nil {
		if !v.IsNull() && v.Kind() != data.KindMap {
			_, err := requireMap(v, "field extraction")
			return true, err
		}
		out, err := t.path.inMap(v)
		if err != nil {
			return true, err
		}
		t.set(r, nil, out)
		return true, nil
	}
	var st *data.Struct
	if !v.IsNull() {
		var err error
		if st, err = requireStruct(v, "field extraction"); err != nil {
			return true, err
		}
	}
	plan, err := t.plans.of(s, t.derive)
	if err != nil {
		return true, err
	}
	for i, step := range plan.way {
		if st == nil {
			v = data.Null()
			break
		}
		v = at(st, step, t.Default)
		if i < len(plan.way)-1 {
			st = v.Struct()
		}
	}
	t.set(r, plan.schema, v)
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
