package thirdparty

import (
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type filterSettings struct {
	Condition string `config:"filter.condition,required" nonempty:"true" importance:"high" doc:"The condition, in JSONPath: it holds if the path leads to a value. Example: $[?(@.status == 'open' && @.total >= 10)]."`
	Type      string `config:"filter.type,required" enum:"include|exclude" fold:"true" importance:"high" doc:"What becomes of records for which the condition holds: include keeps them, and drops the others; exclude drops them, and keeps the others."`
	Missing   string `config:"missing.or.null.behavior" default:"fail" enum:"fail|include|exclude" fold:"true" importance:"medium" doc:"What becomes of records without a field that the path names outside of a filter: fail, include or exclude."`
}

func filterDef() *config.Def {
	def := config.Of[filterSettings]()
	def.Keys[0].Check = func(v string) error {
		_, err := parsePath(v)
		return err
	}
	return def
}

type filter struct {
	smt.Side
	filterSettings
	path *jsonPath
}

func (t *filter) Configure(props connect.Props) (err error) {
	if t.filterSettings, err = config.ParseWith[filterSettings](filterDef(), props); err != nil {
		return err
	}
	t.path, err = parsePath(t.Condition)
	return err
}

func (t *filter) Apply(r *connect.Record) (bool, error) {
	_, v := t.Get(r)
	found, ok, err := t.path.values(v)
	if err != nil {
		return true, err
	}
	if ok && t.path.definite {
		ok = len(found) > 0 && !found[0].IsNull()
	}
	if ok {
		return (len(found) > 0) == strings.EqualFold(t.Type, "include"), nil
	}
	switch strings.ToLower(t.Missing) {
	case "include":
		return true, nil
	case "exclude":
		return false, nil
	}
	return true, data.Errorf("the %s has no field for filter.condition %s, or it is null (set missing.or.null.behavior to include or exclude)", strings.ToLower(t.String()), t.Condition)
}
