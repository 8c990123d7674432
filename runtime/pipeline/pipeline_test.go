package pipeline

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/tolerance"
)

// add appends its word to the topic, or drops, or fails as often as told.
type add struct {
	word  string
	fails int
}

func (a *add) Configure(p connect.Props) error {
	a.word = p["word"]
	if a.word == "flaky" {
		a.fails = 1
	}
	if a.word == "" {
		return errors.New("no word")
	}
	return nil
}

func (a *add) Apply(r *connect.Record) (bool, error) {
	if a.word == "drop" {
		return false, nil
	}
	if a.fails > 0 {
		a.fails--
		return false, errors.New("flaky")
	}
	r.Topic += a.word
	return true, nil
}

type has struct{ word string }

func (h *has) Configure(p connect.Props) error { h.word = p["word"]; return nil }
func (h *has) Test(r *connect.Record) (bool, error) {
	if h.word == "fail" {
		return false, errors.New("undecided")
	}
	return strings.Contains(r.Topic, h.word), nil
}

// conv remembers its configuration.
type conv struct {
	props connect.Props
	isKey bool
}

func (c *conv) Configure(p connect.Props, isKey bool) error { c.props, c.isKey = p, isKey; return nil }
func (c *conv) FromConnectData(dst []byte, _ string, _ *data.Schema, _ data.Value) ([]byte, bool, error) {
	return dst, true, nil
}
func (c *conv) ToConnectData(string, []byte) (*data.Schema, data.Value, error) {
	return nil, data.Null(), nil
}

type header struct{ props connect.Props }

func (h *header) Configure(p connect.Props) error { h.props = p; return nil }
func (h *header) FromConnectHeader(dst []byte, _, _ string, _ *data.Schema, _ data.Value) ([]byte, bool, error) {
	return dst, true, nil
}
func (h *header) ToConnectHeader(string, string, []byte) (*data.Schema, data.Value, error) {
	return nil, data.Null(), nil
}

func plugins(t *testing.T) *registry.Registry {
	t.Helper()
	r := registry.New()
	err := r.Add(
		registry.Entry{Kind: registry.TransformationKind, Class: "x.Add", NewTransformation: func() connect.Transformation { return &add{} }},
		registry.Entry{Kind: registry.PredicateKind, Class: "x.Has", NewPredicate: func() connect.Predicate { return &has{} }},
		registry.Entry{Kind: registry.ConverterKind, Class: "x.AConverter", NewConverter: func() connect.Converter { return &conv{} }},
		registry.Entry{Kind: registry.ConverterKind, Class: "x.BConverter", NewConverter: func() connect.Converter { return &conv{} }},
		registry.Entry{Kind: registry.HeaderConverterKind, Class: "x.H", NewHeader: func() connect.HeaderConverter { return &header{} }},
	)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func chain(t *testing.T, extra map[string]string) *Chain {
	t.Helper()
	props := map[string]string{
		"transforms": "one, two", "transforms.one.type": "x.Add", "transforms.one.word": "-a", "transforms.two.type": "Add", "transforms.two.word": "-b",
		"predicates": "p", "predicates.p.type": "x.Has", "predicates.p.word": "-a",
	}
	maps.Copy(props, extra)
	c, err := NewChain(plugins(t), props)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChain(t *testing.T) {
	for _, tc := range []struct {
		name  string
		props map[string]string
		want  string // empty: dropped
	}{
		{"in order", nil, "t-a-b"},
		{"predicate holds", map[string]string{"transforms.two.predicate": "p"}, "t-a-b"},
		{"negated", map[string]string{"transforms.two.predicate": "p", "transforms.two.negate": "true"}, "t-a"},
		{"predicate does not hold", map[string]string{"transforms.one.predicate": "p"}, "t-b"},
		{"negated does not hold", map[string]string{"transforms.one.predicate": "p", "transforms.one.negate": "true"}, "t-a-b"},
		{"dropped", map[string]string{"transforms.one.word": "drop"}, ""},
		{"none", map[string]string{"transforms": ""}, "t"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := connect.Record{Topic: "t"}
			keep, err := chain(t, tc.props).Apply(&r)
			if err != nil || keep != (tc.want != "") || keep && r.Topic != tc.want {
				t.Errorf("%q, keep %v, err %v", r.Topic, keep, err)
			}
		})
	}
}

func TestAFurtherTryBeginsAnew(t *testing.T) {
	c := chain(t, map[string]string{"transforms.two.word": "flaky"})
	in := connect.Record{Topic: "t"}
	first := in
	_, err := c.Apply(&first)
	if err == nil || err.Stage != tolerance.Transformation || err.Class != "x.Add" {
		t.Fatalf("first try: %v", err)
	}
	second := in
	if keep, err := c.Apply(&second); !keep || err != nil || second.Topic != "t-aflaky" || in.Topic != "t" {
		t.Errorf("second try: %q, keep %v, err %v", second.Topic, keep, err)
	}
	_, err = chain(t, map[string]string{"transforms.one.predicate": "p", "predicates.p.word": "fail"}).Apply(&in)
	if err == nil || err.Class != "x.Has" {
		t.Errorf("predicate: %v", err)
	}
}

func TestUnusableChains(t *testing.T) {
	for want, props := range map[string]map[string]string{
		"Class x.No could not be found.":  {"transforms": "a", "transforms.a.type": "x.No"},
		"transformation a (x.Add)":        {"transforms": "a", "transforms.a.type": "x.Add"},
		"predicates.q.type":               {"transforms": "a", "transforms.a.type": "x.Add", "transforms.a.predicate": "q"},
		"transforms.b.type: Class  could": {"transforms": "b"},
	} {
		if _, err := NewChain(plugins(t), props); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", props, err)
		}
	}
}

func TestConverterSettingsAreNeverMixed(t *testing.T) {
	worker := map[string]Choice{
		KeyConverter: {"x.AConverter", map[string]string{"w": "1"}}, ValueConverter: {"x.AConverter", map[string]string{"w": "2"}},
		HeaderConverter: {"x.H", map[string]string{"w": "3"}},
	}
	c, err := NewConverters(plugins(t), map[string]string{
		"key.converter.c": "ignored: the class is the worker's", "value.converter": "x.BConverter", "value.converter.c": "4",
	}, worker)
	if err != nil {
		t.Fatal(err)
	}
	key, value, head := c.Key.(*conv), c.Value.(*conv), c.Header.(*header)
	if c.KeyClass != "x.AConverter" || !key.isKey || !maps.Equal(key.props, connect.Props{"w": "1"}) {
		t.Errorf("key: %s %v", c.KeyClass, key)
	}
	if c.ValueClass != "x.BConverter" || value.isKey || !maps.Equal(value.props, connect.Props{"c": "4"}) {
		t.Errorf("value: %s %v", c.ValueClass, value)
	}
	if c.HeaderCls != "x.H" || !maps.Equal(head.props, connect.Props{"w": "3"}) {
		t.Errorf("header: %s %v", c.HeaderCls, head)
	}
	for key := range worker {
		if _, err := NewConverters(plugins(t), map[string]string{key: "x.No"}, worker); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", key, err)
		}
	}
}
