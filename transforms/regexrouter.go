package transforms

import (
	"strings"

	"github.com/kurier-io/kurier/converters/lru"
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
	def.Keys[0].Check = func(v string) error {
		_, err := javaregex.Compile(v)
		return err
	}
	return def
}

// topicsKept bounds how many topics' new names are remembered.
const topicsKept = 1024

type regexRouter struct {
	routerSettings
	pattern *javaregex.Pattern
	routes  *lru.Cache[string, string]
}

func (t *regexRouter) Configure(props connect.Props) (err error) {
	if t.routerSettings, err = config.ParseWith[routerSettings](routerDef(), props); err != nil {
		return err
	}
	t.routes = lru.New[string, string](topicsKept)
	t.pattern, err = javaregex.Compile(t.Regex)
	return err
}

// Apply renames the topic if all of it matches; what is replaced is the first match, which may be less.
func (t *regexRouter) Apply(r *connect.Record) (bool, error) {
	to, ok := t.routes.Get(r.Topic)
	if !ok {
		from := strings.Clone(r.Topic) // what is kept must not alias a buffer
		to = from
		if t.pattern.Matches(r.Topic) {
			var err error
			if to, err = t.pattern.ReplaceFirst(r.Topic, t.Replacement); err != nil {
				return true, err
			}
		}
		t.routes.Put(from, to)
	}
	r.Topic = to
	return true, nil
}
