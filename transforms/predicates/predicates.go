// Package predicates holds Kafka Connect's predicates: conditions under which a transformation applies.
package predicates

import (
	"strings"

	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/transforms/javaregex"
)

const pkg = "org.apache.kafka.connect.transforms.predicates."

// Register returns the predicates.
func Register() []registry.Entry {
	return []registry.Entry{
		{
			Kind: registry.PredicateKind, Class: pkg + "TopicNameMatches", Config: topicDef(),
			Doc:          "True for records with a topic name that matches the configured regular expression.",
			NewPredicate: func() connect.Predicate { return &topicNameMatches{} },
		}, {
			Kind: registry.PredicateKind, Class: pkg + "HasHeaderKey", Config: config.Of[headerSettings](),
			Doc:          "True for records with at least one header with the configured name.",
			NewPredicate: func() connect.Predicate { return &hasHeaderKey{} },
		}, {
			Kind: registry.PredicateKind, Class: pkg + "RecordIsTombstone", Config: &config.Def{Keys: []config.Key{}},
			Doc:          "True for records which are tombstones (i.e. have null value).",
			NewPredicate: func() connect.Predicate { return recordIsTombstone{} },
		},
	}
}

type topicSettings struct {
	Pattern string `config:"pattern,required" nonempty:"true" importance:"medium" doc:"A Java regular expression for matching against the name of a record's topic."`
}

func topicDef() *config.Def {
	def := config.Of[topicSettings]()
	def.Keys[0].Check = javaregex.Check
	return def
}

// topicsKept bounds how many topics' answers are remembered.
const topicsKept = 1024

type topicNameMatches struct {
	pattern *javaregex.Pattern
	known   *lru.Cache[string, bool]
}

func (p *topicNameMatches) Configure(props connect.Props) error {
	set, err := config.ParseWith[topicSettings](topicDef(), props)
	if err != nil {
		return err
	}
	p.known = lru.New[string, bool](topicsKept)
	p.pattern, err = javaregex.Compile(set.Pattern)
	return err
}

func (p *topicNameMatches) Test(r *connect.Record) (bool, error) {
	yes, ok := p.known.Get(r.Topic)
	if !ok {
		var err error
		if yes, err = p.pattern.Matches(r.Topic); err != nil {
			return false, err
		}
		p.known.Put(strings.Clone(r.Topic), yes)
	}
	return yes, nil
}

type headerSettings struct {
	Name string `config:"name,required" nonempty:"true" importance:"medium" doc:"The header name."`
}

type hasHeaderKey struct{ headerSettings }

func (p *hasHeaderKey) Configure(props connect.Props) (err error) {
	p.headerSettings, err = config.Parse[headerSettings](props)
	return err
}

func (p *hasHeaderKey) Test(r *connect.Record) (bool, error) {
	for i := range r.Headers {
		if r.Headers[i].Key == p.Name {
			return true, nil
		}
	}
	return false, nil
}

type recordIsTombstone struct{}

func (recordIsTombstone) Configure(connect.Props) error { return nil }

// Test looks at the value only: a null with a schema is a tombstone too.
func (recordIsTombstone) Test(r *connect.Record) (bool, error) { return r.Value.IsNull(), nil }
