package group

import (
	"github.com/kurier-io/kurier/broker/group/consumer"
)

// ConsumerHeartbeatRequest is a ConsumerGroupHeartbeat (KIP-848).
type ConsumerHeartbeatRequest struct {
	Group string
	consumer.Request
}

// ConsumerHeartbeatResponse answers it.
type ConsumerHeartbeatResponse = consumer.Response

// ConsumerDescription is a group of the new protocol; Code is GroupNotFound, with
// a message, for any other.
type ConsumerDescription struct {
	Code    Code
	Message string
	consumer.Description
}

// Topics is what groups of the new protocol must know of the broker's topics.
type Topics = consumer.Topics

// GroupConfig is the configuration of one group (KIP-848); zero fields mean the
// default.
type GroupConfig = consumer.Config
