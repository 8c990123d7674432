package main

import (
	"os"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/registry"
)

// TestTheListsNameEveryClass holds the lists of converters and transformations to what is registered.
func TestTheListsNameEveryClass(t *testing.T) {
	lists := map[registry.Kind]string{}
	for kind, path := range map[registry.Kind]string{
		registry.ConverterKind: "converters", registry.HeaderConverterKind: "converters", registry.TransformationKind: "transforms", registry.PredicateKind: "transforms",
	} {
		b, err := os.ReadFile("../../" + path + "/README.md")
		if err != nil {
			t.Fatal(err)
		}
		lists[kind] = string(b)
	}
	pool := subject.NewPool()
	defer pool.Close()
	entries := inWorker(pool)
	if len(entries) < 60 {
		t.Errorf("only %d classes", len(entries))
	}
	for _, e := range entries {
		class, _, _ := strings.Cut(e.Class, "$")
		simple := class[strings.LastIndexByte(class, '.')+1:]
		if !strings.Contains(lists[e.Kind], "`"+simple+"`") && !strings.Contains(lists[e.Kind], "."+simple+"`") {
			t.Errorf("%s is not in the list of the %ss", e.Class, e.Kind)
		}
		if e.Doc == "" || e.Config == nil {
			t.Errorf("%s has no documentation or no definition of its keys", e.Class)
		}
	}
}
