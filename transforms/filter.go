package transforms

import "github.com/kurier-io/kurier/plugins/connect"

// filter drops every record.
type filter struct{}

func (filter) Configure(connect.Props) error { return nil }

func (filter) Apply(*connect.Record) (bool, error) { return false, nil }
