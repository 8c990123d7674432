package transforms

import (
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/transforms/javaregex"
)

type routerSettings struct {
	Regex       string `config:"regex,required" importance:"high" doc:"Regular expression to use for matching."`
	Replacement string `config:"replacement,required" importance:"high" doc:"Replacement string."`
}

func routerDef() *config.Def {
	def := config.Of[routerSettings]()
	def.Keys[0].Check = javaregex.Check
	return def
}

type regexRouter struct {
	routerSettings
	router *javaregex.Router
}

func (t *regexRouter) Configure(props connect.Props) (err error) {
	if t.routerSettings, err = config.ParseWith[routerSettings](routerDef(), props); err != nil {
		return err
	}
	t.router, err = javaregex.NewRouter(t.Regex, t.Replacement)
	return err
}

// Apply renames the topic if all of it matches; what is replaced is the first match, which may be less.
func (t *regexRouter) Apply(r *connect.Record) (bool, error) {
	to, _, err := t.router.Route(r.Topic)
	if err == nil {
		r.Topic = to
	}
	return true, err
}
