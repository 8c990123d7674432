package consumer

import "time"

// Code is a Kafka error code.
type Code = int16

// The error codes of the protocol.
const (
	none                 Code  = 0
	unknownMember        Code  = 25
	invalidRequest       Code  = 42
	groupFull            Code  = 81
	fencedInstance       Code  = 82
	fencedEpoch          Code  = 110
	unreleasedInstance   Code  = 111
	unsupportedAssignor  Code  = 112
	staleEpoch           Code  = 113
	invalidRegex         Code  = 128
	leaveEpoch           int32 = -1
	leaveStaticallyEpoch int32 = -2
)

// State is the state of a group, in Kafka's words.
type State string

// The states of a group.
const (
	Empty       State = "Empty"
	Assigning   State = "Assigning"
	Reconciling State = "Reconciling"
	Stable      State = "Stable"
)

// TopicID names a topic for as long as it exists.
type TopicID = [16]byte

// TopicPartitions are partitions of one topic, ascending.
type TopicPartitions struct {
	ID         TopicID
	Partitions []int32
}

// Topics is the broker's metadata. The machine calls it from inside its methods;
// it must not call back.
type Topics interface {
	// Lookup finds a topic by name.
	Lookup(name string) (id TopicID, partitions int32, ok bool)
	// Names lists the topics that a pattern may match.
	Names() []string
}

// Config is the part of a group's configuration that its members see. Zero means
// Kafka's default.
type Config struct {
	Session  time.Duration // consumer.session.timeout.ms
	Interval time.Duration // consumer.heartbeat.interval.ms
	MaxSize  int           // group.consumer.max.size
}

// Request is a ConsumerGroupHeartbeat. A nil field is unchanged since the last
// one. Slices and strings belong to the machine from then on.
type Request struct {
	MemberID             string
	NewID                string // for a member that brings none (v0); empty: it must bring one (v1)
	Epoch                int32  // 0 joins, -1 leaves, -2 is a static member that will come back
	InstanceID, RackID   *string
	ClientID, ClientHost string
	RebalanceTimeout     time.Duration // negative: unchanged
	Topics               []string
	Regex                *string // empty: none
	Assignor             *string
	Owned                []TopicPartitions
}

// Response answers a heartbeat. A nil Assignment is unchanged; otherwise it is
// all that the member may own, by topic id, and belongs to the caller.
type Response struct {
	Code       Code
	Message    string
	MemberID   string
	Epoch      int32
	Interval   time.Duration
	Assignment []TopicPartitions
}

// Description is a group as ConsumerGroupDescribe shows it.
type Description struct {
	State                  State
	Epoch, AssignmentEpoch int32
	Assignor               string
	Members                []MemberDescription
}

// MemberDescription is a member as ConsumerGroupDescribe shows it.
type MemberDescription struct {
	ID                   string
	InstanceID, RackID   *string
	Epoch                int32
	ClientID, ClientHost string
	Topics               []string
	Regex                *string
	Assignment, Target   []NamedPartitions
}

// NamedPartitions are TopicPartitions of a topic that still exists.
type NamedPartitions struct {
	Topic string
	TopicPartitions
}
