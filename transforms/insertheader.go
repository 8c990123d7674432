package transforms

import (
	"github.com/kurier-io/kurier/converters/values"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

type insertHeaderSettings struct {
	Header  string `config:"header,required" importance:"high" doc:"The name of the header."`
	Literal string `config:"value.literal,required" importance:"high" doc:"The literal value that is to be set as the header value on all records."`
}

type insertHeader struct {
	header connect.Header
}

func (t *insertHeader) Configure(props connect.Props) error {
	set, err := config.Parse[insertHeaderSettings](props)
	if err != nil {
		return err
	}
	t.header.Key = set.Header
	t.header.Schema, t.header.Value = values.Parse(set.Literal)
	return nil
}

// Apply appends to a copy: other records may share the headers.
func (t *insertHeader) Apply(r *connect.Record) (bool, error) {
	headers := make([]connect.Header, len(r.Headers), len(r.Headers)+1)
	copy(headers, r.Headers)
	r.Headers = append(headers, t.header)
	return true, nil
}
