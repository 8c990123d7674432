package thirdparty

import (
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type tombstoneSettings struct {
	Behavior string `config:"behavior" default:"warn" enum:"warn|ignore|fail" fold:"true" importance:"medium" doc:"What to do with tombstones: warn and ignore drop them, fail stops the task."`
}

type tombstoneHandler struct{ fails bool }

func (t *tombstoneHandler) Configure(props connect.Props) error {
	set, err := config.Parse[tombstoneSettings](props)
	t.fails = strings.EqualFold(set.Behavior, "fail")
	return err
}

// Apply drops records without a value.
func (t *tombstoneHandler) Apply(r *connect.Record) (bool, error) {
	if !r.Value.IsNull() {
		return true, nil
	}
	if t.fails {
		return true, data.Errorf("Tombstone record encountered and behavior is set to fail (key %s; set behavior to ignore to drop such records)", smt.Show(r.Key))
	}
	return false, nil
}
