package worker

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

// A topicCreator creates a source task's topics by the rules of topic.creation.* (KIP-158). A nil one leaves that to the broker.
type topicCreator struct {
	client *kgo.Client
	admin  *kadm.Client
	groups []topicGroup // the default group last
}

type topicGroup struct {
	name              string
	include, exclude  []*regexp.Regexp // the default group has neither: it matches everything
	partitions        int32
	replicationFactor int16
	configs           map[string]*string
}

const topicCreation = "topic.creation."

func (t *task) newTopicCreator(p *parts) (*topicCreator, error) {
	cfg := t.start.Connector
	var any bool
	for key := range cfg {
		any = any || strings.HasPrefix(key, topicCreation)
	}
	if !any || !t.w.Settings.TopicCreationEnable {
		return nil, nil
	}
	groups, err := topicGroups(cfg)
	if err != nil {
		return nil, err
	}
	opts, err := t.w.Clients.Admin(t.start.ID.Connector, t.start.ID.Task, p.overrides("admin.override."))
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("admin client: %w", err)
	}
	return &topicCreator{client: client, admin: kadm.NewClient(client), groups: groups}, nil
}

func topicGroups(cfg map[string]string) ([]topicGroup, error) {
	def, err := topicGroupOf(cfg, "default", topicGroup{})
	if err != nil {
		return nil, err
	}
	var out []topicGroup
	for _, name := range config.SplitList(cfg[topicCreation+"groups"]) {
		if name == "default" {
			continue
		}
		g, err := topicGroupOf(cfg, name, def)
		if err != nil {
			return nil, err
		}
		if len(g.include) == 0 {
			return nil, connect.ConfigErr(topicCreation+name+".include", "names no topics", "give at least one regular expression")
		}
		out = append(out, g)
	}
	return append(out, def), nil
}

func topicGroupOf(cfg map[string]string, name string, inherit topicGroup) (topicGroup, error) {
	prefix := topicCreation + name + "."
	g := topicGroup{name: name, partitions: inherit.partitions, replicationFactor: inherit.replicationFactor, configs: map[string]*string{}}
	for key, v := range cfg {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		var err error
		switch rest {
		case "include", "exclude":
			if name == "default" {
				continue // it takes every topic that no other group has
			}
		}
		switch rest {
		case "include":
			g.include, err = wholeNames(v)
		case "exclude":
			g.exclude, err = wholeNames(v)
		case "partitions":
			var n int64
			n, err = strconv.ParseInt(v, 10, 32)
			g.partitions = int32(n)
		case "replication.factor":
			var n int64
			n, err = strconv.ParseInt(v, 10, 16)
			g.replicationFactor = int16(n)
		default:
			g.configs[rest] = &v
		}
		if err != nil {
			return g, connect.ConfigErr(key, err.Error(), "")
		}
	}
	if g.partitions == 0 || g.partitions < -1 || g.replicationFactor == 0 || g.replicationFactor < -1 {
		return g, connect.ConfigErr(prefix+"partitions", "partitions and replication.factor must be given, positive or -1", "-1 takes the broker's default")
	}
	return g, nil
}

func wholeNames(list string) ([]*regexp.Regexp, error) {
	var out []*regexp.Regexp
	for _, text := range config.SplitList(list) {
		r, err := regexp.Compile("^(?:" + text + ")$")
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (g *topicGroup) matches(topic string) bool {
	hit := func(rs []*regexp.Regexp) bool {
		for _, r := range rs {
			if r.MatchString(topic) {
				return true
			}
		}
		return false
	}
	return !hit(g.exclude) && (g.include == nil || hit(g.include))
}

// ensure creates a topic that does not exist yet.
func (c *topicCreator) ensure(ctx context.Context, topic string) error {
	if c == nil {
		return nil
	}
	have, err := c.admin.ListTopics(ctx, topic)
	if err != nil {
		return connect.Retriable(fmt.Errorf("looking for topic %s: %w", topic, err), 0)
	}
	if d, ok := have[topic]; ok && d.Err == nil {
		return nil
	} else if ok && errors.Is(d.Err, kerr.TopicAuthorizationFailed) {
		return fmt.Errorf("Not authorized to describe topic(s) '%s' on the brokers: grant it, or create the topic and remove topic.creation.*", topic) // Kafka Connect's text
	}
	for i := range c.groups {
		g := &c.groups[i]
		if !g.matches(topic) {
			continue
		}
		_, err := c.admin.CreateTopic(ctx, g.partitions, g.replicationFactor, g.configs, topic)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			if kerr.IsRetriable(err) || kgo.IsRetryableBrokerErr(err) {
				return connect.Retriable(fmt.Errorf("creating topic %s: %w", topic, err), 0)
			}
			return fmt.Errorf("Task failed to create new topic %s by topic.creation group %s. Ensure that the task is authorized to create topics or that the topic exists and restart the task: %w", // Kafka Connect's text
				topic, g.name, err)
		}
		return nil
	}
	return nil
}

func (c *topicCreator) close() {
	if c != nil {
		c.client.Close()
	}
}
