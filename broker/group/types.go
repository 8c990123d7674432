package group

import "time"

// Code is a Kafka error code.
type Code = int16

// The error codes that the coordinator answers with.
const (
	None                 Code = 0
	OffsetMetadataLarge  Code = 12
	NotAvailable         Code = 15
	IllegalGeneration    Code = 22
	InconsistentProtocol Code = 23
	InvalidGroupID       Code = 24
	UnknownMember        Code = 25
	InvalidSession       Code = 26
	RebalanceInProgress  Code = 27
	UnsupportedVersion   Code = 35
	InvalidRequest       Code = 42
	NonEmptyGroup        Code = 68
	GroupNotFound        Code = 69
	MemberIDRequired     Code = 79
	GroupFull            Code = 81
	FencedInstance       Code = 82
	Subscribed           Code = 86
	UnstableOffsetCommit Code = 88
	StaleMemberEpoch     Code = 113
)

// State is the state of a classic group, in Kafka's words.
type State string

// The states of a classic group.
const (
	Empty               State = "Empty"
	PreparingRebalance  State = "PreparingRebalance"
	CompletingRebalance State = "CompletingRebalance"
	Stable              State = "Stable"
	Dead                State = "Dead"
)

// Token names a parked request; zero is none.
type Token uint64

// Protocol is one assignment protocol that a member supports.
type Protocol struct {
	Name     string
	Metadata []byte
}

// Member is what others may see of a group member.
type Member struct {
	ID, ClientID, ClientHost  string
	InstanceID                *string
	Session, RebalanceTimeout time.Duration
	Protocols                 []Protocol
	Assignment                []byte

	order    uint64    // of joining
	deadline time.Time // of the session
	join     Token     // parked JoinGroup
	sync     Token     // parked SyncGroup
	synced   bool      // sent SyncGroup in this generation
}

func (m *Member) metadata(protocol string) []byte {
	for _, p := range m.Protocols {
		if p.Name == protocol {
			return p.Metadata
		}
	}
	return nil
}

// JoinRequest is a JoinGroup request. NewID is the member id to hand out if one
// is needed.
type JoinRequest struct {
	MemberID, NewID           string
	InstanceID                *string
	ClientID, ClientHost      string
	ProtocolType              string
	Protocols                 []Protocol
	Session, RebalanceTimeout time.Duration
	RequireKnownID            bool // v4+: a dynamic member must come back with its id (KIP-394)
	SkipAssignment            bool // v9+: the client understands skip_assignment
}

// JoinResponse answers a JoinGroup; Members is set for the leader only.
type JoinResponse struct {
	Code                               Code
	Generation                         int32
	ProtocolType, Protocol, Leader, ID string
	SkipAssignment                     bool
	Members                            []JoinedMember
}

// JoinedMember is a row of the leader's member list.
type JoinedMember struct {
	ID         string
	InstanceID *string
	Metadata   []byte
}

// SyncRequest is a SyncGroup request. Protocol fields are nil when not sent.
type SyncRequest struct {
	MemberID               string
	InstanceID             *string
	Generation             int32
	ProtocolType, Protocol *string
	Assignments            map[string][]byte
}

// SyncResponse answers a SyncGroup.
type SyncResponse struct {
	Code                   Code
	ProtocolType, Protocol string
	Assignment             []byte
}

// Effects is what the shell must do after a step, in this order: persist the
// group if asked to, then deliver the answers.
type Effects struct {
	Persist bool
	Joins   map[Token]JoinResponse
	Syncs   map[Token]SyncResponse
}

// Limits bounds what members may ask for. MaxSize is of one group; MaxGroups is
// how many there may be before new ones are refused with NotAvailable. Zero is no
// bound.
type Limits struct {
	MinSession, MaxSession time.Duration
	MaxSize, MaxGroups     int
}

// DefaultLimits are Kafka's, with a bound on the size and the number of groups.
func DefaultLimits() Limits {
	return Limits{MinSession: 6 * time.Second, MaxSession: 30 * time.Minute, MaxSize: 10_000, MaxGroups: 100_000}
}
