package validation

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
)

// sinkRules are those that look at more than one key.
func (v *Validator) sinkRules(r *result, props map[string]string) {
	topics, regex := config.SplitList(props["topics"]), strings.TrimSpace(props["topics.regex"])
	msg := ""
	switch {
	case len(topics) == 0 && regex == "":
		msg = "Must configure one of topics or topics.regex"
	case len(topics) > 0 && regex != "":
		msg = "topics and topics.regex are mutually exclusive options, but both are set."
	}
	if msg != "" {
		r.fail("topics", msg)
		r.fail("topics.regex", msg)
	}
	dlq := strings.TrimSpace(props["errors.deadletterqueue.topic.name"])
	if dlq == "" {
		return
	}
	if slices.Contains(topics, dlq) {
		r.fail("errors.deadletterqueue.topic.name", "The DLQ topic '"+dlq+"' may not be included in the list of topics ('topics=["+strings.Join(topics, ", ")+"]') consumed by the connector")
	}
	if re, err := regexp.Compile("^(?:" + regex + ")$"); err == nil && regex != "" && re.MatchString(dlq) {
		r.fail("errors.deadletterqueue.topic.name", "The DLQ topic '"+dlq+"' may not be matched by the regex for the topics ('topics.regex="+regex+"') consumed by the connector")
	}
}

// sourceRules: what this worker does not offer must not be silently ignored.
func (v *Validator) sourceRules(r *result, props map[string]string) {
	if strings.EqualFold(strings.TrimSpace(props["exactly.once.support"]), "required") {
		r.fail("exactly.once.support", "This worker does not have exactly-once source support enabled.")
	}
	if strings.EqualFold(strings.TrimSpace(props["transaction.boundary"]), "connector") {
		r.fail("transaction.boundary", "The connector does not support connector-defined transaction boundaries with the given configuration. Please reconfigure it to use a different transaction boundary definition.")
	}
	if props["offsets.storage.topic"] != "" {
		r.fail("offsets.storage.topic", "Invalid value "+props["offsets.storage.topic"]+" for configuration offsets.storage.topic: this worker keeps the offsets of all connectors in its own offsets topic so far; remove the key")
	}
	var creation bool
	for key := range props {
		creation = creation || strings.HasPrefix(key, "topic.creation.")
	}
	if !creation {
		return
	}
	groups := append([]string{"default"}, config.SplitList(props["topic.creation.groups"])...)
	for i, g := range groups {
		if i > 0 && g == "default" {
			continue
		}
		prefix := "topic.creation." + g + "."
		d := topicGroupDef(g == "default").Prefixed(prefix)
		for j := range d.Keys {
			d.Keys[j].Group = "Topic Creation: " + g
		}
		r.addAll(d, d.Validate(props))
	}
}

type topicGroup struct {
	Include    []string `config:"include,required" importance:"low" doc:"Regular expressions; a topic whose whole name matches one belongs to the group."`
	Exclude    []string `config:"exclude" default:"" importance:"low" doc:"Regular expressions; a topic whose whole name matches one does not."`
	Factor     int16    `config:"replication.factor" default:"-1" importance:"low" doc:"Replication factor of new topics; -1: the broker's default."`
	Partitions int      `config:"partitions" default:"-1" importance:"low" doc:"Partitions of new topics; -1: the broker's default."`
}

func topicGroupDef(isDefault bool) *config.Def {
	d := config.Of[topicGroup]()
	if isDefault {
		for i := range d.Keys {
			d.Keys[i].Required = d.Keys[i].Name == "replication.factor" || d.Keys[i].Name == "partitions"
			if d.Keys[i].Required {
				d.Keys[i].Default = nil
			}
		}
		d.Keys = d.Keys[2:]
	}
	return d
}

// chain checks transformations and predicates.
func (v *Validator) chain(r *result, props map[string]string) {
	for _, alias := range unique(props["transforms"]) {
		prefix := "transforms." + alias + "."
		v.aliased(r, props, prefix, "Transforms: "+alias, transformationKinds)
		predicate, hasPredicate := props[prefix+"predicate"]
		if hasPredicate && predicate != "" && !slices.Contains(config.SplitList(props["predicates"]), predicate) {
			r.fail(prefix+"predicate", "Invalid value "+predicate+" for configuration "+prefix+"predicate: No predicate with that alias; name it in predicates")
		}
		if _, negate := props[prefix+"negate"]; negate && !hasPredicate {
			r.fail(prefix+"negate", "Config '"+prefix+"negate' was provided but there is no config '"+prefix+"predicate' defining a predicate to be negated.")
		}
	}
	for _, alias := range unique(props["predicates"]) {
		v.aliased(r, props, "predicates."+alias+".", "Predicates: "+alias, predicateKinds)
	}
}

func unique(list string) []string {
	var out []string
	for _, s := range config.SplitList(list) {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
