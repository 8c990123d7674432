package transforms

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/transforms/predicates"
)

// configDefs was printed by the ConfigDefs of Apache Kafka 4.2: key, type, default, importance and documentation.
//
//go:embed testdata/configdefs.txt
var configDefs string

func TestKeysAreThoseOfKafka(t *testing.T) {
	entries := map[string]registry.Entry{}
	for _, e := range append(Register(), predicates.Register()...) {
		entries[e.Class] = e
	}
	classes := 0
	for block := range strings.SplitSeq(configDefs, "class ") {
		class, want, _ := strings.Cut(block, "\n")
		if class == "" {
			continue
		}
		classes++
		e, ok := entries[class]
		if !ok {
			t.Errorf("no %s", class)
			continue
		}
		if d := cmp.Diff(want, printDef(e.Config)); d != "" {
			t.Errorf("%s: %s", class, d)
		}
	}
	if classes != 19 {
		t.Errorf("%d classes", classes)
	}
}

func printDef(d *config.Def) string {
	var b strings.Builder
	for _, k := range d.Keys {
		def := "null"
		switch {
		case k.Required:
			def = "REQ"
		case k.Default != nil && k.Type == config.ListType:
			def = "[" + *k.Default + "]"
		case k.Default != nil:
			def = *k.Default
		}
		b.WriteString(strings.Join([]string{k.Name, string(k.Type), def, k.Importance, k.Doc}, "\t") + "\n")
	}
	return b.String()
}
