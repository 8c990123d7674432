package server

import (
	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/group"
	"github.com/kurier-io/kurier/broker/metadata"
	"github.com/kurier-io/kurier/broker/txn"
)

// The internal topics: committed offsets and groups, and transactional ids.
const (
	OffsetsTopicName      = "__consumer_offsets"
	TransactionsTopicName = "__transaction_state"
)

// internal reports whether clients may only read a topic.
func internal(name string) bool { return name == OffsetsTopicName || name == TransactionsTopicName }

// internalConfigs keep internal topics small.
func internalConfigs() map[string]string {
	return map[string]string{"cleanup.policy": "compact", "segment.bytes": "16777216", "compression.type": "producer"}
}

// InternalTopic returns an internal topic, creating it on first use.
func (s *Server) InternalTopic(name string) (*metadata.Topic, error) { return s.ensureTopic(name) }

// groupPartition is where a group lives.
func (s *Server) groupPartition(id string) (txn.TopicPartition, error) {
	t, err := s.ensureTopic(OffsetsTopicName)
	if err != nil {
		return txn.TopicPartition{}, err
	}
	return txn.TopicPartition{Topic: t.Name, Partition: group.Partition(id, t.Partitions)}, nil
}

// LogConfig computes the log configuration of a topic with these overrides.
func LogConfig(cfg Config, overrides map[string]string) (commitlog.Config, error) {
	return (&Server{cfg: cfg}).logConfig(overrides)
}
