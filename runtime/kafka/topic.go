package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/kurier-io/kurier/runtime/settings"
)

const (
	topicTimeout = time.Minute // default.api.timeout.ms of Java's admin client
	topicBackoff = 250 * time.Millisecond
)

// InternalTopic is a topic to create or verify.
type InternalTopic struct {
	settings.InternalTopic
	Property string // the setting that names it: config.storage.topic
	Purpose  string // for errors: "connector configurations", "source connector offsets", …
	Single   bool   // exactly one partition
	Create   bool   // internal.topics.automatic.creation.enable
}

// EnsureInternalTopic creates a compacted topic, or checks the one that exists. A cluster that refuses to create or
// describe topics is taken at its word: the topic is assumed to be fine.
func EnsureInternalTopic(ctx context.Context, admin *kadm.Client, t InternalTopic) error {
	ctx, cancel := context.WithTimeout(ctx, topicTimeout)
	defer cancel()
	for {
		err := ensure(ctx, admin, t)
		if !t.Create && errors.Is(err, kerr.UnknownTopicOrPartition) {
			return fmt.Errorf("topic '%s' of '%s' does not exist and internal.topics.automatic.creation.enable is false: "+
				"create it with cleanup.policy=compact: %w", t.Name, t.Property, err)
		}
		if err == nil || !retriable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("topic '%s' of '%s': %w", t.Name, t.Property, err)
		case <-time.After(topicBackoff):
		}
	}
}

// retriable includes the replication factor: brokers of a starting cluster may be missing.
func retriable(err error) bool {
	return errors.Is(err, kerr.InvalidReplicationFactor) || kerr.IsRetriable(err) || errors.Is(err, context.DeadlineExceeded)
}

func refused(err error) bool {
	for _, e := range []error{kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.UnsupportedVersion} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func ensure(ctx context.Context, admin *kadm.Client, t InternalTopic) error {
	if t.Create {
		configs := map[string]*string{"cleanup.policy": new("compact")}
		for k, v := range t.Config {
			configs[k] = new(v)
		}
		_, err := admin.CreateTopic(ctx, int32(t.Partitions), int16(t.ReplicationFactor), configs, t.Name)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, kerr.TopicAlreadyExists) && !refused(err):
			return fmt.Errorf("create topic '%s' of '%s': %w", t.Name, t.Property, err)
		}
	}
	if err := checkPolicy(ctx, admin, t); err != nil {
		return err
	}
	return checkPartitions(ctx, admin, t)
}

func checkPolicy(ctx context.Context, admin *kadm.Client, t InternalTopic) error {
	described, err := admin.DescribeTopicConfigs(ctx, t.Name)
	if err == nil {
		var one kadm.ResourceConfig
		if one, err = described.On(t.Name, nil); err == nil {
			err = one.Err
		}
		for _, c := range one.Configs {
			if c.Key == "cleanup.policy" && c.MaybeValue() != "compact" {
				//lint:ignore ST1005 this is Kafka Connect's text, which tools match
				return fmt.Errorf("Topic '%s' supplied via the '%s' property is required to have 'cleanup.policy=compact' to guarantee "+
					"consistency and durability of %s, but found the topic currently has 'cleanup.policy=%s'. Continuing would likely result in "+
					"eventually losing %s and problems restarting this Connect cluster in the future. Change the '%s' property in the Connect "+
					"worker configurations to use a topic with 'cleanup.policy=compact'.", t.Name, t.Property, t.Purpose, c.MaybeValue(), t.Purpose, t.Property)
			}
		}
	}
	if err != nil && !refused(err) {
		return fmt.Errorf("describe topic '%s' of '%s': %w", t.Name, t.Property, err)
	}
	return nil
}

func checkPartitions(ctx context.Context, admin *kadm.Client, t InternalTopic) error {
	if !t.Single {
		return nil
	}
	topics, err := admin.ListTopics(ctx, t.Name)
	if err == nil {
		err = topics[t.Name].Err
	}
	if refused(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("describe topic '%s' of '%s': %w", t.Name, t.Property, err)
	}
	if n := len(topics[t.Name].Partitions); n != 1 {
		//lint:ignore ST1005 this is Kafka Connect's text, which tools match
		return fmt.Errorf("Topic '%s' supplied via the '%s' property is required to have a single partition in order to guarantee "+
			"consistency of %s, but found %d partitions.", t.Name, t.Property, t.Purpose, n)
	}
	return nil
}
