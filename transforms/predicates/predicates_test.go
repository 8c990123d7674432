package predicates

import (
	"strings"
	"testing"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
)

func TestPredicates(t *testing.T) { // rows 145 and 146
	r := registry.New()
	if err := r.Add(Register()...); err != nil {
		t.Fatal(err)
	}
	rec := &connect.Record{Topic: "topic", ValueSchema: data.Of(data.String).Optional().MustBuild(), Headers: []connect.Header{{Key: "h"}}}
	for _, tc := range []struct {
		class string
		props connect.Props
		want  string
	}{
		{"TopicNameMatches", connect.Props{"pattern": "top"}, "false"},
		{"TopicNameMatches", connect.Props{"pattern": "top.*"}, "true"},
		{"TopicNameMatches", connect.Props{"pattern": "["}, "Invalid value [ for configuration pattern: Invalid regex: "},
		{"TopicNameMatches", connect.Props{"pattern": "(?!x).*"}, "true"},
		{"TopicNameMatches", connect.Props{"pattern": `\Gx`}, `Invalid value \Gx for configuration pattern: Invalid regex: \G is not supported`},
		{"TopicNameMatches", nil, `Missing required configuration "pattern" which has no default value.`},
		{"TopicNameMatches", connect.Props{"pattern": ""}, "Invalid value  for configuration pattern: String must be non-empty"},
		{"HasHeaderKey", connect.Props{"name": "h"}, "true"},
		{"HasHeaderKey", connect.Props{"name": "H"}, "false"},
		{"HasHeaderKey", connect.Props{"name": ""}, "Invalid value  for configuration name: String must be non-empty"},
		{"RecordIsTombstone", nil, "true"},
	} {
		e, ok := r.Find(tc.class, registry.PredicateKind)
		if !ok {
			t.Fatal(tc.class)
		}
		p := e.NewPredicate()
		got := ""
		if err := p.Configure(tc.props); err != nil {
			got = err.Error()
		} else {
			for range 2 {
				yes, err := p.Test(rec)
				if err != nil {
					t.Fatal(err)
				}
				got = map[bool]string{true: "true", false: "false"}[yes]
			}
		}
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s %v: %s, want %s", tc.class, tc.props, got, tc.want)
		}
	}
}
