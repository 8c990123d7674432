// Package membership makes a worker a member of its Connect cluster: it speaks the group protocol of type
// "connect" (KIP-415, KIP-507) with the group coordinator, and on the leader runs the assignor.
//
// The decisions live in a state machine without I/O; [Member] is the goroutine around it.
package membership

import (
	"fmt"
	"strings"
)

// ProtocolType is the group protocol type of Connect clusters.
const ProtocolType = "connect"

// Protocol is the version of the Connect group protocol, which is also the version in its wire headers.
type Protocol int16

// The protocols in the order in which Kafka introduced them. Sessioned has Compatible's layout; it announces
// that internal requests between workers are signed.
const (
	Eager      Protocol = 0
	Compatible Protocol = 1
	Sessioned  Protocol = 2
)

// String returns the name that JoinGroup carries.
func (p Protocol) String() string {
	switch p {
	case Eager:
		return "default"
	case Compatible:
		return "compatible"
	case Sessioned:
		return "sessioned"
	}
	return fmt.Sprintf("protocol(%d)", int16(p))
}

// ParseProtocol reads a value of connect.protocol: eager, compatible or sessioned in any case.
func ParseProtocol(s string) (Protocol, error) {
	switch strings.ToLower(s) {
	case "eager":
		return Eager, nil
	case "compatible":
		return Compatible, nil
	case "sessioned":
		return Sessioned, nil
	}
	return 0, fmt.Errorf("connect.protocol %q: want eager, compatible or sessioned", s)
}

// offered lists the protocols that a worker of mode p announces, most preferred first.
func (p Protocol) offered() []Protocol {
	all := []Protocol{Sessioned, Compatible, Eager}
	return all[Sessioned-p:]
}

func protocolNamed(name string) (Protocol, bool) {
	for _, p := range Sessioned.offered() {
		if p.String() == name {
			return p, true
		}
	}
	return 0, false
}
