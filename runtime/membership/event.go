package membership

import (
	"time"

	"github.com/kurier-io/kurier/runtime/assign"
)

// event is something that happened.
type event interface{ isEvent() }

type (
	tick   struct{}
	joined struct {
		attempt    uint64
		err        error // a *kerr.Error, or what kept the request from an answer
		memberID   string
		generation int32
		protocol   string
		leader     string
		members    map[string][]byte // metadata by member id, on the leader only
	}
	synced struct {
		attempt    uint64
		err        error
		assignment []byte
	}
	beaten struct {
		generation int32
		sent       time.Time
		err        error
	}
	returned struct{} // a listener call
	rejoin   struct{ reason string }
	leave    struct{ reason string }
	abandon  struct{}
)

func (tick) isEvent()     {}
func (joined) isEvent()   {}
func (synced) isEvent()   {}
func (beaten) isEvent()   {}
func (returned) isEvent() {}
func (rejoin) isEvent()   {}
func (leave) isEvent()    {}
func (abandon) isEvent()  {}

// effect is something to do.
type effect interface{ isEffect() }

type offer struct {
	protocol Protocol
	metadata Metadata
}

type (
	sendJoin struct {
		attempt   uint64
		memberID  string
		reason    string
		protocols []offer
	}
	sendSync struct {
		attempt    uint64
		memberID   string
		generation int32
		protocol   Protocol
		shares     map[string][]byte
	}
	sendHeartbeat struct {
		memberID   string
		generation int32
	}
	sendLeave struct {
		memberID string
		reason   string
	}
	callRevoked struct {
		leader string
		work   assign.Assignment
	}
	callAssigned struct{ generation Generation }
	fatal        struct{ err error }
	note         struct {
		text string
		args []any
	}
)

func (sendJoin) isEffect()      {}
func (sendSync) isEffect()      {}
func (sendHeartbeat) isEffect() {}
func (sendLeave) isEffect()     {}
func (callRevoked) isEffect()   {}
func (callAssigned) isEffect()  {}
func (fatal) isEffect()         {}
func (note) isEffect()          {}
