package kafkastore

import (
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/runtime/store"
)

// Kafka gives the options of a client for an internal topic; name ends its client id ("configs", "offsets",
// "statuses").
type Kafka interface {
	Internal(name string) []kgo.Opt
}

// NewConfigs prepares the config store; the topic must exist with one partition. See [store.NewConfigs] for listen. Like
// those of the other constructors, the log must be closed by the caller.
func NewConfigs(k Kafka, topic string, listen func(store.ConfigUpdate), logger *slog.Logger) (*store.Configs, *TopicLog) {
	log := New(topic, k.Internal("configs"), logger)
	return store.NewConfigs(log, listen, logger), log
}

// NewOffsets prepares the offset store.
func NewOffsets(k Kafka, topic string, logger *slog.Logger) (*store.Offsets, *TopicLog) {
	log := New(topic, k.Internal("offsets"), logger)
	return store.NewOffsets(log, logger), log
}

// NewStatuses prepares the status store.
func NewStatuses(k Kafka, topic string, logger *slog.Logger) (*store.Statuses, *TopicLog) {
	log := New(topic, k.Internal("statuses"), logger)
	return store.NewStatuses(log, logger), log
}
