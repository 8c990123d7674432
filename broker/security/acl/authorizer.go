package acl

import (
	"slices"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Client is who asks.
type Client struct {
	Principal string // User:name
	Host      string // address without port
	// Trusted clients may do everything: the worker in the same process.
	Trusted bool
}

// Authorizer answers for a set of bindings. Its methods may be called from any
// goroutine; a nil Authorizer allows everything.
type Authorizer struct {
	super   []string
	lenient bool // without any binding for a resource, everybody may
	rules   atomic.Pointer[rules]
}

// rules are bindings by resource type, the literal ones by name.
type rules struct {
	all     []Binding
	literal map[resource][]Binding
	prefix  map[ResourceType][]Binding
}

type resource struct {
	kind ResourceType
	name string
}

// NewAuthorizer returns an authorizer without bindings. Super users are
// principals such as User:admin. Lenient is allow.everyone.if.no.acl.found.
func NewAuthorizer(super []string, lenient bool) *Authorizer {
	a := &Authorizer{super: super, lenient: lenient}
	a.Set(nil)
	return a
}

// Set replaces the bindings; all must be valid. It keeps the slice.
func (a *Authorizer) Set(bindings []Binding) {
	r := &rules{all: bindings, literal: map[resource][]Binding{}, prefix: map[ResourceType][]Binding{}}
	for _, b := range bindings {
		if b.Pattern == kmsg.ACLResourcePatternTypePrefixed {
			r.prefix[b.Type] = append(r.prefix[b.Type], b)
		} else {
			k := resource{b.Type, b.Name}
			r.literal[k] = append(r.literal[k], b)
		}
	}
	a.rules.Store(r)
}

// implied lists the operations of which each grants the one asked for.
func implied(op Operation) []Operation {
	switch op {
	case kmsg.ACLOperationDescribe:
		return []Operation{kmsg.ACLOperationDescribe, kmsg.ACLOperationRead, kmsg.ACLOperationWrite, kmsg.ACLOperationDelete, kmsg.ACLOperationAlter}
	case kmsg.ACLOperationDescribeConfigs:
		return []Operation{kmsg.ACLOperationDescribeConfigs, kmsg.ACLOperationAlterConfigs}
	}
	return []Operation{op}
}

func (b Binding) concerns(who Client) bool {
	return (b.Principal == who.Principal || b.Principal == anyUser) && (b.Host == wildcard || b.Host == who.Host)
}

// privileged reports whether no rule needs to be looked at.
func (a *Authorizer) privileged(who Client) bool {
	return a == nil || who.Trusted || slices.Contains(a.super, who.Principal)
}

// Allowed reports whether the client may do op on the named resource.
func (a *Authorizer) Allowed(who Client, op Operation, kind ResourceType, name string) bool {
	if a.privileged(who) {
		return true
	}
	r := a.rules.Load()
	found, allowed := false, false
	grants := implied(op)
	look := func(bindings []Binding) (denied bool) {
		for _, b := range bindings {
			if !b.covers(name) {
				continue
			}
			found = true
			if !b.concerns(who) {
				continue
			}
			if b.Permission == kmsg.ACLPermissionTypeDeny {
				// A denial does not spread to what the operation implies.
				if b.Operation == op || b.Operation == kmsg.ACLOperationAll {
					return true
				}
			} else if b.Operation == kmsg.ACLOperationAll || slices.Contains(grants, b.Operation) {
				allowed = true
			}
		}
		return false
	}
	if look(r.literal[resource{kind, name}]) || name != wildcard && look(r.literal[resource{kind, wildcard}]) || look(r.prefix[kind]) {
		return false
	}
	return allowed || !found && a.lenient
}

// AllowedSomewhere reports whether the client may do op on at least one
// resource of the type, as InitProducerId asks for topics: an allowing binding
// counts unless one of the same or a wider pattern denies.
func (a *Authorizer) AllowedSomewhere(who Client, op Operation, kind ResourceType) bool {
	if a.privileged(who) {
		return true
	}
	r := a.rules.Load()
	grants := implied(op)
	for _, b := range r.all {
		if b.Type == kind && b.Permission == kmsg.ACLPermissionTypeAllow && b.concerns(who) &&
			(b.Operation == kmsg.ACLOperationAll || slices.Contains(grants, b.Operation)) && !r.deniedWhole(who, op, b) {
			return true
		}
	}
	return a.lenient && !slices.ContainsFunc(r.all, func(b Binding) bool {
		return b.Type == kind && b.Name == wildcard && b.Pattern == kmsg.ACLResourcePatternTypeLiteral &&
			b.Permission == kmsg.ACLPermissionTypeDeny && b.concerns(who) && (b.Operation == op || b.Operation == kmsg.ACLOperationAll)
	})
}

// deniedWhole reports whether a denial takes away everything that b grants.
func (r *rules) deniedWhole(who Client, op Operation, b Binding) bool {
	return slices.ContainsFunc(r.all, func(d Binding) bool {
		if d.Type != b.Type || d.Permission != kmsg.ACLPermissionTypeDeny || !d.concerns(who) || d.Operation != op && d.Operation != kmsg.ACLOperationAll {
			return false
		}
		if d.Pattern == kmsg.ACLResourcePatternTypeLiteral && d.Name != wildcard {
			return b.Pattern == kmsg.ACLResourcePatternTypeLiteral && b.Name == d.Name
		}
		return b.Name != wildcard && d.covers(b.Name) || d.Name == wildcard
	})
}

// operations that the protocol reports for a resource type.
func operations(kind ResourceType) []Operation {
	switch kind {
	case kmsg.ACLResourceTypeCluster:
		return []Operation{kmsg.ACLOperationCreate, kmsg.ACLOperationAlter, kmsg.ACLOperationDescribe, kmsg.ACLOperationClusterAction,
			kmsg.ACLOperationDescribeConfigs, kmsg.ACLOperationAlterConfigs, kmsg.ACLOperationIdempotentWrite}
	case kmsg.ACLResourceTypeTopic:
		return []Operation{kmsg.ACLOperationRead, kmsg.ACLOperationWrite, kmsg.ACLOperationCreate, kmsg.ACLOperationDelete, kmsg.ACLOperationAlter,
			kmsg.ACLOperationDescribe, kmsg.ACLOperationDescribeConfigs, kmsg.ACLOperationAlterConfigs}
	case kmsg.ACLResourceTypeGroup:
		return []Operation{kmsg.ACLOperationRead, kmsg.ACLOperationDelete, kmsg.ACLOperationDescribe, kmsg.ACLOperationDescribeConfigs, kmsg.ACLOperationAlterConfigs}
	}
	return nil
}

// Operations is the bit set of what the client may do on the resource, as
// Metadata and the describe requests report it.
func (a *Authorizer) Operations(who Client, kind ResourceType, name string) int32 {
	var set int32
	for _, op := range operations(kind) {
		if a.Allowed(who, op, kind, name) {
			set |= 1 << op
		}
	}
	return set
}
