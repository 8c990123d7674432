package validation

import (
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMasking(t *testing.T) {
	v, _ := newFixture(t)
	const s = "s3cret"
	props := source(
		"pw", s, "my.secret.text", "a STRING", "undefined.password", s, "undefined.text", "t",
		"transforms", "maskPassword, unknown", "transforms.maskPassword.type", "Mask$Value", "transforms.maskPassword.fields", "f", "transforms.maskPassword.salt", s,
		"transforms.maskPassword.predicate", "token", "transforms.maskPassword.negate", "false",
		"transforms.unknown.type", "only.Elsewhere", "transforms.unknown.api.key", s, "transforms.unlistedToken.type", "Mask$Value",
		"predicates", "secretOnes", "predicates.secretOnes.type", "IsNull",
		"topic.creation.groups", "tokens", "topic.creation.tokens.include", "x",
		"key.converter", "Foo", "key.converter.key", s, "key.converter.size", "1", "value.converter", "Elsewhere", "value.converter.basic.auth.user.info", s,
		"header.converter", "FooConverter", "header.converter.key", s,
		"producer.override.sasl.jaas.config", s, "producer.override.linger.ms", "5", "consumer.override.ssl.key.password", s,
	)
	before := maps.Clone(props)
	got := v.Mask(props)
	want := maps.Clone(props)
	for k, val := range props {
		if val == s {
			want[k] = "[hidden]"
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(before, props); d != "" {
		t.Errorf("the argument was changed: %s", d)
	}
	if d := cmp.Diff(props, v.Unmask(got, props)); d != "" {
		t.Errorf("what was masked does not come back: %s", d)
	}
	// An unknown class, and none: names decide.
	for _, class := range []string{"Elsewhere", "-"} {
		got := v.Mask(source("connector.class", class, "pw", "p", "db.password", s, "text", "t"))
		if got["pw"] != "p" || got["db.password"] != "[hidden]" || got["text"] != "t" {
			t.Errorf("%s: %v", class, got)
		}
	}
	if got := v.Mask(nil); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestUnmasking(t *testing.T) {
	v, _ := newFixture(t)
	stored := source("pw", "s3cret", "my.secret.text", "text")
	for name, c := range map[string]struct{ sent, want map[string]string }{
		"kept":          {source("pw", "[hidden]", "a", "b"), source("pw", "s3cret", "a", "b")},
		"changed":       {source("pw", "new"), source("pw", "new")},
		"removed":       {source(), source()},
		"not a secret":  {source("my.secret.text", "[hidden]"), source("my.secret.text", "[hidden]")},
		"none stored":   {source("key.converter", "Foo", "key.converter.key", "[hidden]"), source("key.converter", "Foo", "key.converter.key", "[hidden]")},
		"class changed": {source("connector.class", "Elsewhere", "pw", "[hidden]"), source("connector.class", "Elsewhere", "pw", "s3cret")},
	} {
		if d := cmp.Diff(c.want, v.Unmask(c.sent, stored)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// Reads mask at once from many requests.
func TestAValidatorIsSafeForConcurrentUse(t *testing.T) {
	v, _ := newFixture(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				props := source("pw", "s3cret", "transforms", "a", "transforms.a.type", "Mask$Value", "transforms.a.fields", "f", "topic.creation.groups", "g")
				if v.Mask(props)["pw"] != "[hidden]" || run(t, v, props).ErrorCount == 0 {
					t.Error("another outcome than alone")
				}
			}
		})
	}
	wg.Wait()
}

// GET /connectors?expand=info of a large cluster.
func BenchmarkMask1000(b *testing.B) {
	v, _ := newFixture(b)
	all := make([]map[string]string, 1000)
	for i := range all {
		all[i] = source("name", fmt.Sprint("c", i), "pw", "s3cret", "transforms", "a,b", "transforms.a.type", "Mask$Value", "transforms.a.fields", "f", "transforms.b.type", "Mask$Value",
			"transforms.b.fields", "g", "key.converter", "Foo", "value.converter", "Foo", "tasks.max", "4", "errors.tolerance", "all", "producer.override.linger.ms", "5")
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, props := range all {
			v.Mask(props)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	v, _ := newFixture(b)
	props := source("pw", "s3cret", "transforms", "a", "transforms.a.type", "Mask$Value", "transforms.a.fields", "f", "key.converter", "Foo")
	b.ReportAllocs()
	for b.Loop() {
		run(b, v, props)
	}
}
