package server

import (
	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/metadata"
)

// OffsetsTopicName is the internal topic that groups live in.
const OffsetsTopicName = offsetsTopic

// OffsetsTopic returns the internal topic, creating it on first use.
func (s *Server) OffsetsTopic() (*metadata.Topic, error) { return s.ensureTopic(offsetsTopic) }

// LogConfig computes the log configuration of a topic with these overrides.
func LogConfig(cfg Config, overrides map[string]string) (commitlog.Config, error) {
	return (&Server{cfg: cfg}).logConfig(overrides)
}
