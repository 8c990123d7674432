package validation

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
)

const dlqName = "errors.deadletterqueue.topic.name"

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
	if dlq := strings.TrimSpace(props[dlqName]); dlq != "" {
		if slices.Contains(topics, dlq) {
			r.fail("topics", "The DLQ topic '"+dlq+"' may not be included in the list of topics ('topics=["+strings.Join(topics, ", ")+"]') consumed by the connector")
		}
		if re, err := regexp.Compile("^(?:" + regex + ")$"); err == nil && regex != "" && re.MatchString(dlq) {
			r.fail("topics.regex", "The DLQ topic '"+dlq+"' may not be matched by the regex for the topics ('topics.regex="+regex+"') consumed by the connector")
		}
	}
	if v.Group == "" {
		return
	}
	if g, ok := props["consumer.override.group.id"]; ok {
		if g == v.Group {
			r.fail("consumer.override.group.id", "Consumer group "+g+" conflicts with Connect worker group "+v.Group)
		}
	} else if "connect-"+props["name"] == v.Group {
		r.fail("name", "Consumer group for sink connector named "+props["name"]+" conflicts with Connect worker group "+v.Group)
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
	if topic := props["offsets.storage.topic"]; topic != "" {
		r.fail("offsets.storage.topic", "Invalid value "+topic+" for configuration offsets.storage.topic: This worker keeps the offsets of all connectors in its own offsets topic; remove the key")
	}
}

const topicCreation = "topic.creation."

// createsTopics reports whether a source connector says how its topics are created, by any key at all.
func createsTopics(props map[string]string) bool {
	for key := range props {
		if strings.HasPrefix(key, topicCreation) {
			return true
		}
	}
	return false
}

type topicGroup struct {
	Include    []string `config:"include,required" importance:"low" width:"long" doc:"Regular expressions; a topic whose whole name matches one belongs to the group."`
	Exclude    []string `config:"exclude" default:"" importance:"low" width:"long" doc:"Regular expressions; a topic whose whole name matches one does not."`
	Factor     int16    `config:"replication.factor" importance:"low" width:"long" doc:"Replication factor of new topics; -1: the broker's default."`
	Partitions int      `config:"partitions" importance:"low" width:"long" doc:"Partitions of new topics; -1: the broker's default."`
}

type defaultTopics struct {
	Include    []string `config:"include" default:".*" importance:"low" width:"long" doc:"Not used: the group has every topic that no other group has."`
	Exclude    []string `config:"exclude" default:"" importance:"low" width:"long" doc:"Not used: the group has every topic that no other group has."`
	Factor     int16    `config:"replication.factor,required" importance:"low" width:"long" doc:"Replication factor of new topics; -1: the broker's default."`
	Partitions int      `config:"partitions,required" importance:"low" width:"long" doc:"Partitions of new topics; -1: the broker's default."`
}

// topicGroups checks the groups of topic creation. The default group's numbers are the others' defaults.
func (v *Validator) topicGroups(r *result, props map[string]string) {
	if !createsTopics(props) {
		return
	}
	add := func(d *config.Def, name, group string) {
		d = d.Prefixed(topicCreation + name + ".")
		for i := range d.Keys {
			d.Keys[i].Group, d.Keys[i].Order = group, i+1
			base := strings.TrimPrefix(d.Keys[i].Name, topicCreation+name+".")
			if inherited := r.find(topicCreation + "default." + base); inherited != nil && len(inherited.Errors) == 0 && (base == "replication.factor" || base == "partitions") {
				d.Keys[i].Default = inherited.Value
			}
		}
		r.add(d, d.Validate(props))
	}
	add(v.defs.defaultTopics, "default", "default")
	for _, g := range unique(props["topic.creation.groups"]) {
		if g != "default" {
			add(v.defs.topicGroup, g, "Topic Creation: "+g)
		}
	}
}
