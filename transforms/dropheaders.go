package transforms

import (
	"slices"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

type dropHeadersSettings struct {
	Headers []string `config:"headers,required" importance:"high" doc:"The name of the headers to be removed."`
}

func dropHeadersDef() *config.Def { return nonEmpty[dropHeadersSettings]("headers") }

type dropHeaders struct{ dropHeadersSettings }

func (t *dropHeaders) Configure(props connect.Props) (err error) {
	t.dropHeadersSettings, err = config.ParseWith[dropHeadersSettings](dropHeadersDef(), props)
	return err
}

func (t *dropHeaders) drops(h connect.Header) bool { return slices.Contains(t.Headers, h.Key) }

// Apply replaces the headers only if some go.
func (t *dropHeaders) Apply(r *connect.Record) (bool, error) {
	if slices.ContainsFunc(r.Headers, t.drops) {
		r.Headers = slices.DeleteFunc(slices.Clone(r.Headers), t.drops)
	}
	return true, nil
}
