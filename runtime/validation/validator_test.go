package validation

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/herder"
)

var (
	common = []string{
		"name", "connector.class", "tasks.max", "tasks.max.enforce", "key.converter", "value.converter", "header.converter", "transforms", "predicates",
		"config.action.reload", "errors.retry.timeout", "errors.retry.delay.max.ms", "errors.tolerance", "errors.log.enable", "errors.log.include.messages",
	}
	sourceOnly = []string{"topic.creation.groups", "exactly.once.support", "transaction.boundary", "transaction.boundary.interval.ms", "offsets.storage.topic"}
	sinkOnly   = []string{
		"topics", "topics.regex", "errors.deadletterqueue.topic.name", "errors.deadletterqueue.topic.replication.factor", "errors.deadletterqueue.context.headers.enable",
	}
	ownKeys = []string{"url", "pw", "my.secret.text"} // inner is internal
)

func joined(lists ...[]string) (out []string) {
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

func TestOrderOfKeysAndGroups(t *testing.T) {
	v, _ := newFixture(t)
	got := run(t, v, source())
	if d := cmp.Diff(joined(common, sourceOnly, ownKeys), names(got)); d != "" {
		t.Error(d)
	}
	groups := []string{"Common", "Transforms", "Predicates", "Error Handling", "Topic Creation", "Exactly Once Support", "offsets.topic", "Connection"}
	if d := cmp.Diff(groups, got.Groups); d != "" {
		t.Error(d)
	}
	if got.Name != "FooSource" || got.ErrorCount != 0 || got.Err() != nil {
		t.Errorf("%+v", got)
	}
	got = run(t, v, sink())
	if d := cmp.Diff(joined(common, sinkOnly, ownKeys), names(got)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"Common", "Transforms", "Predicates", "Error Handling", "Connection"}, got.Groups); d != "" {
		t.Error(d)
	}
	got = run(t, v, source(
		"transforms", "a,b", "transforms.a.type", "Mask$Value", "transforms.a.fields", "f", "transforms.b.type", "x.Mask$Value", "transforms.b.fields", "f", "predicates", "p",
		"predicates.p.type", "IsNull", "topic.creation.groups", "g", "topic.creation.g.include", "x.*", "topic.creation.default.replication.factor", "1",
		"topic.creation.default.partitions", "2", "producer.override.sasl.mechanism", "PLAIN", "producer.override.linger.ms", "5", "admin.override.security.protocol", "SSL",
		"consumer.override.x", "not used by a source", "key.converter", "Foo", "header.converter", "FooConverter", "value.converter", "Plain", "unknown", "kept", "inner", "z", "undefined.null", "x",
	))
	want := joined(common, sourceOnly,
		[]string{"transforms.a.type", "transforms.a.predicate", "transforms.a.negate", "transforms.a.fields", "transforms.a.salt"},
		[]string{"transforms.b.type", "transforms.b.predicate", "transforms.b.negate", "transforms.b.fields", "transforms.b.salt", "predicates.p.type"},
		[]string{"topic.creation.default.include", "topic.creation.default.exclude", "topic.creation.default.replication.factor", "topic.creation.default.partitions"},
		[]string{"topic.creation.g.include", "topic.creation.g.exclude", "topic.creation.g.replication.factor", "topic.creation.g.partitions"},
		append(ownKeys, "inner"), // shown since it is wrong
		[]string{"producer.override.linger.ms", "producer.override.sasl.mechanism", "admin.override.security.protocol"},
		[]string{"header.converter.size", "header.converter.key", "key.converter.size", "key.converter.key"})
	if d := cmp.Diff(want, names(got)); d != "" {
		t.Error(d)
	}
	groups = []string{
		"Common", "Transforms", "Predicates", "Error Handling", "Topic Creation", "Exactly Once Support", "offsets.topic", "Transforms: a", "Transforms: b", "Predicates: p",
		"default", "Topic Creation: g", "Connection", "Converter",
	}
	if d := cmp.Diff(groups, got.Groups); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff("inner: Invalid value z for configuration inner: String must be one of: x, y\n"+
		"producer.override.linger.ms: The 'Principal' policy does not allow 'linger.ms' to be overridden in the connector configuration.", messages(got)); d != "" {
		t.Error(d)
	}
	if c := find(got, "producer.override.sasl.mechanism"); c.Definition != nil || *c.Value.Value != "PLAIN" {
		t.Errorf("%+v", c)
	}
	if c := find(got, "topic.creation.g.partitions"); *c.Value.Value != "2" || c.Definition.Order != 4 {
		t.Errorf("a group does not inherit the default's partitions: %+v", c)
	}
	if c := find(got, "transforms.a.negate"); c.Definition.Type != config.BooleanType {
		t.Errorf("a transformation's own negate is not masked: %+v", c.Definition)
	}
	if c := find(got, "key.converter.size"); c.Definition == nil || c.Definition.Name != "key.converter.size" {
		t.Errorf("%+v", c)
	}
}

func TestMessages(t *testing.T) {
	v, _ := newFixture(t)
	for name, c := range map[string]struct {
		props map[string]string
		want  string
	}{
		"missing":          {source("name", "-", "url", "-"), "name: Missing required configuration \"name\" which has no default value.\nurl: Missing required configuration \"url\" which has no default value."},
		"empty name":       {source("name", ""), "name: Invalid value  for configuration name: String may not be empty"},
		"control name":     {source("name", "a\nb\u0085c"), "name: Invalid value a\nb\u0085c for configuration name: String may not contain control sequences but had the following ASCII chars: 10, 133"},
		"odd name":         {source("name", `..;%/"é😀`), ""},
		"not a number":     {source("tasks.max", "zz"), "tasks.max: Invalid value zz for configuration tasks.max: Not a number of type INT\ntasks.max: Invalid value null for configuration tasks.max: Value must be non-null"},
		"too small":        {source("tasks.max", "0"), "tasks.max: Invalid value 0 for configuration tasks.max: Value must be at least 1"},
		"trimmed":          {source("tasks.max", " 2 "), ""},
		"enum":             {source("errors.tolerance", "ALL"), "errors.tolerance: Invalid value ALL for configuration errors.tolerance: String must be one of: none, all"},
		"bool":             {source("errors.log.enable", "yes"), "errors.log.enable: Invalid value yes for configuration errors.log.enable: Expected value to be either true or false"},
		"interval":         {source("transaction.boundary.interval.ms", "0"), "transaction.boundary.interval.ms: Invalid value 0 for configuration transaction.boundary.interval.ms: Value must be at least 1"},
		"exactly once":     {source("exactly.once.support", "REQUIRED"), "exactly.once.support: This worker does not have exactly-once source support enabled."},
		"boundary":         {source("transaction.boundary", "Connector"), "transaction.boundary: The connector does not support connector-defined transaction boundaries with the given configuration. Please reconfigure it to use a different transaction boundary definition."},
		"offsets topic":    {source("offsets.storage.topic", "o"), "offsets.storage.topic: Invalid value o for configuration offsets.storage.topic: This worker keeps the offsets of all connectors in its own offsets topic; remove the key"},
		"duplicate alias":  {source("predicates", "a, a", "predicates.a.type", "IsNull"), "predicates: Invalid value [a, a] for configuration predicates: Duplicate alias provided."},
		"no type":          {source("transforms", "a"), "transforms.a.type: Missing required configuration \"transforms.a.type\" which has no default value."},
		"unknown type":     {source("transforms", "a", "transforms.a.type", "No"), "transforms.a.type: Invalid value No for configuration transforms.a.type: Class No could not be found."},
		"empty type":       {source("predicates", "a", "predicates.a.type", ""), "predicates.a.type: Invalid value  for configuration predicates.a.type: Class  could not be found."},
		"a converter's":    {source("key.converter", "No", "value.converter", ""), "key.converter: Invalid value No for configuration key.converter: Class No could not be found.\nvalue.converter: Invalid value  for configuration value.converter: Class  could not be found."},
		"missing in type":  {source("transforms", "a", "transforms.a.type", "Mask$Value"), "transforms.a.fields: Missing required configuration \"transforms.a.fields\" which has no default value."},
		"configure by key": {source("transforms", "a", "transforms.a.type", "Mask$Value", "transforms.a.fields", "bad"), "transforms.a.fields: Invalid configuration of x.Mask$Value: fields: no such field (name another)"},
		"Java's own text":  {source("transforms", "a", "transforms.a.type", "Mask$Value", "transforms.a.fields", "java"), "transforms.a.fields: Invalid value java for configuration fields: no"},
		"try converter":    {source("key.converter", "Foo", "key.converter.size", "7", "value.converter", "Foo", "value.converter.size", "7"), "key.converter.size: Invalid configuration of x.FooConverter: size: is unlucky (take another)"},
		"configure":        {source("transforms", "a", "transforms.a.type", "Mask$Value", "transforms.a.fields", "worse"), "transforms.a.type: Invalid configuration of x.Mask$Value: worse"},
		"negate alone": {
			source("transforms", "a", "transforms.a.type", "Mask$Value", "transforms.a.fields", "f", "transforms.a.negate", "true"),
			"transforms.a.negate: Config 'transforms.a.negate' was provided but there is no config 'transforms.a.predicate' defining a predicate to be negated.",
		},
		"unknown predicate": {
			source("transforms", "a", "transforms.a.type", "Mask$Value", "transforms.a.fields", "f", "transforms.a.predicate", "p", "predicates", "q", "predicates.q.type", "IsNull"),
			"transforms.a.predicate: Invalid value p for configuration transforms.a.predicate: No predicate with that alias; name it in predicates",
		},
		"topic creation": {source("topic.creation.groups", "default, g"), "topic.creation.default.replication.factor: Missing required configuration \"topic.creation.default.replication.factor\" which has no default value.\n" +
			"topic.creation.default.partitions: Missing required configuration \"topic.creation.default.partitions\" which has no default value.\n" +
			"topic.creation.g.include: Missing required configuration \"topic.creation.g.include\" which has no default value."},
		"counts": {source("topic.creation.default.partitions", "0", "topic.creation.default.replication.factor", "-2", "topic.creation.groups", "g", "topic.creation.g.include", "[", "topic.creation.g.partitions", "-1"),
			"topic.creation.default.replication.factor: Invalid value -2 for configuration topic.creation.default.replication.factor: Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default\n" +
				"topic.creation.default.partitions: Invalid value 0 for configuration topic.creation.default.partitions: Number of partitions must be positive, or -1 to use the broker's default\n" +
				"topic.creation.g.include: Invalid value [[] for configuration topic.creation.g.include: Syntax error in regular expression: error parsing regexp: missing closing ]: `[`"},
		"no topics":      {sink("topics", ""), "topics: Must configure one of topics or topics.regex\ntopics.regex: Must configure one of topics or topics.regex"},
		"topics twice":   {sink("topics.regex", "a.*"), "topics: topics and topics.regex are mutually exclusive options, but both are set.\ntopics.regex: topics and topics.regex are mutually exclusive options, but both are set."},
		"bad regex":      {sink("topics", "-", "topics.regex", "["), "topics.regex: Invalid value [ for configuration topics.regex: Invalid regex: error parsing regexp: missing closing ]: `[`"},
		"DLQ":            {sink("errors.deadletterqueue.topic.name", " a "), "topics: The DLQ topic 'a' may not be included in the list of topics ('topics=[a, b]') consumed by the connector"},
		"DLQ regex":      {sink("topics", "-", "topics.regex", "a|b.*", "errors.deadletterqueue.topic.name", "bc"), "topics.regex: The DLQ topic 'bc' may not be matched by the regex for the topics ('topics.regex=a|b.*') consumed by the connector"},
		"DLQ elsewhere":  {sink("topics", "-", "topics.regex", "a|b", "errors.deadletterqueue.topic.name", "bc"), ""},
		"group":          {sink("name", "cluster"), "name: Consumer group for sink connector named cluster conflicts with Connect worker group connect-cluster"},
		"source's group": {source("name", "cluster"), ""},
		"overridden group": {sink("consumer.override.group.id", "connect-cluster"), "consumer.override.group.id: Consumer group connect-cluster conflicts with Connect worker group connect-cluster\n" +
			"consumer.override.group.id: The 'Principal' policy does not allow 'group.id' to be overridden in the connector configuration."},
		"unused clients": {sink("producer.override.acks", "1", "admin.override.acks", "1"), ""},
		"DLQ's clients": {sink("errors.deadletterqueue.topic.name", "d", "producer.override.acks", "1", "admin.override.a", "1", "consumer.override.c", "1"),
			"producer.override.acks: The 'Principal' policy does not allow 'acks' to be overridden in the connector configuration.\n" +
				"consumer.override.c: The 'Principal' policy does not allow 'c' to be overridden in the connector configuration.\n" +
				"admin.override.a: The 'Principal' policy does not allow 'a' to be overridden in the connector configuration."},
		"mask": {source("pw", "[hidden]"), "pw: Invalid value [hidden] for configuration pw: This stands for a secret in answers, and no secret is stored for this connector; give the secret itself"},
	} {
		got := run(t, v, c.props)
		if d := cmp.Diff(c.want, messages(got)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		lines := 0
		if c.want != "" {
			lines = strings.Count(c.want, ": ") // at least one for each
			if err := got.Err(); err == nil || !strings.HasPrefix(err.Error(), "Connector configuration is invalid and contains the following ") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if (got.ErrorCount == 0) != (lines == 0) {
			t.Errorf("%s: error_count %d", name, got.ErrorCount)
		}
	}
}

func TestErrorsAreCountedAsConnectDoes(t *testing.T) {
	v, _ := newFixture(t)
	// Two messages on a framework key count twice, two on a converter's once.
	got := run(t, v, source("tasks.max", "zz", "key.converter", "Foo", "key.converter.size", "zz"))
	if lines := strings.Count(messages(got), "\n") + 1; got.ErrorCount != 3 || lines != 4 {
		t.Errorf("%d of %d lines:\n%s", got.ErrorCount, lines, messages(got))
	}
	want := "Connector configuration is invalid and contains the following 1 error(s):\n" +
		"Missing required configuration \"url\" which has no default value.\n" +
		"You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`"
	if err := run(t, v, source("url", "-")).Err(); err == nil || err.Error() != want {
		t.Error(err)
	}
}

func TestValues(t *testing.T) {
	v, _ := newFixture(t)
	got := run(t, v, sink("pw", "s3cret", "topics", " b ,a", "tasks.max", "x", "key.converter", "No", "consumer.override.sasl.jaas.config", "s3cret", "consumer.override.x", "y"))
	for key, want := range map[string]*string{
		"name": new("n"), "connector.class": new("FooSink"), "tasks.max": nil, "topics": new("b,a"), "topics.regex": new(""), "pw": new("[hidden]"), "my.secret.text": nil,
		"errors.retry.delay.max.ms": new("60000"), "key.converter": nil, "value.converter": nil, "consumer.override.sasl.jaas.config": new("[hidden]"), "consumer.override.x": new("y"),
	} {
		c := find(got, key)
		if c == nil {
			t.Errorf("%s is missing", key)
		} else if d := cmp.Diff(want, c.Value.Value); d != "" || !c.Value.Visible || c.Value.Recommended == nil || c.Value.Errors == nil {
			t.Errorf("%s: %s %+v", key, d, c.Value)
		}
	}
}

func TestAPluginsKeysReplaceTheFrameworks(t *testing.T) {
	v, _ := newFixture(t)
	got := run(t, v, sink("connector.class", "OwnSink", "topics", "-", "tasks.max", "5"))
	// The error on topics is lost, that on topics.regex stays.
	want := "tasks.max: Invalid value 5 for configuration tasks.max: Value must be no more than 3\ntopics.regex: Must configure one of topics or topics.regex"
	if d := cmp.Diff(want, messages(got)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(joined(common, sinkOnly, ownKeys), names(got)); d != "" {
		t.Error(d)
	}
	if c := find(got, "topics"); c.Definition.Type != config.StringType || c.Definition.Group != "Mine" {
		t.Errorf("%+v", c.Definition)
	}
}

func TestAConnectorsOwnErrors(t *testing.T) {
	v, p := newFixture(t)
	p.own = func(values []config.Value) ([]config.Value, error) {
		values[0].Errors = append(values[0].Errors, "cannot reach u as s3cret")
		return append(values, config.Value{Name: "nowhere", Errors: []string{"strange"}}, config.Value{Name: "tasks.max", Errors: []string{"one is enough"}}), nil
	}
	got := run(t, v, source("pw", "s3cret"))
	if d := cmp.Diff("nowhere: strange\ntasks.max: one is enough\nurl: cannot reach u as [hidden]", messages(got)); d != "" {
		t.Error(d)
	}
	if c := got.Configs[0]; c.Value.Name != "nowhere" || c.Definition != nil || c.Value.Recommended == nil || find(got, "tasks.max").Definition == nil || got.ErrorCount != 3 {
		t.Errorf("%+v", got.Configs[:4])
	}
	gone := errors.New("gone, the password was s3cret")
	p.own = func([]config.Value) ([]config.Value, error) { return nil, gone }
	if _, err := v.Validate(t.Context(), source("pw", "s3cret")); !errors.Is(err, gone) || err.Error() != "validating a configuration of x.FooSourceConnector: gone, the password was [hidden]" {
		t.Error(err)
	}
}

func TestClassesThatAreNotConnectors(t *testing.T) {
	v, _ := newFixture(t)
	_, err := v.Validate(context.Background(), map[string]string{"name": "a", "some.key": "s3cret", "pw": "s3cret"})
	if _, ok := errors.AsType[*herder.BadRequestError](err); !ok || err.Error() != "Connector config {name=a, pw=[hidden], some.key=[hidden]} contains no connector type" {
		t.Error(err)
	}
	if _, err := v.Validate(context.Background(), nil); err == nil || err.Error() != "Connector config {} contains no connector type" {
		t.Error(err)
	}
	for _, class := range []string{"NoSuch", "x.FooConverter", "Mask$Value"} {
		_, err = v.Validate(context.Background(), source("connector.class", class))
		if _, ok := errors.AsType[*registry.NotFoundError](err); !ok || !strings.HasPrefix(err.Error(), "Failed to find any class that implements Connector and which name matches "+class+", available connectors are: ") {
			t.Error(err)
		}
	}
}

func TestPluginConfig(t *testing.T) {
	v, _ := newFixture(t)
	keys := func(name string) (out []string) {
		t.Helper()
		c, err := v.PluginConfig(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range c.Keys {
			out = append(out, k.Name)
		}
		return out
	}
	for _, name := range []string{"x.FooSourceConnector", "FooSourceConnector", "FooSource"} {
		if d := cmp.Diff(joined(ownKeys, common, sourceOnly), keys(name)); d != "" {
			t.Error(d)
		}
	}
	own := joined(ownKeys, []string{"tasks.max", "topics"}, common[:2], common[3:], sinkOnly[1:])
	if d := cmp.Diff(own, keys("OwnSink")); d != "" {
		t.Error(d)
	}
	if c, _ := v.PluginConfig("OwnSink"); c.Keys[3].Group != "Mine" {
		t.Errorf("the framework's tasks.max replaced the plugin's: %+v", c.Keys[3])
	}
	if d := cmp.Diff([]string{"fields", "salt", "negate"}, keys("Mask$Value")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"size", "key"}, keys("FooConverter")); d != "" {
		t.Error(d)
	}
	if got := keys("IsNull"); got != nil {
		t.Errorf("%v", got)
	}
	_, err := v.PluginConfig("No")
	if _, ok := errors.AsType[*herder.NotFoundError](err); !ok || err.Error() != "Unknown plugin No." {
		t.Error(err)
	}
}
