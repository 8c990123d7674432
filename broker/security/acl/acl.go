// Package acl decides what a principal may do, by the rules of Kafka's
// StandardAuthorizer: deny wins over allow, literal and prefixed patterns, the
// wildcard resource and principal, operations that imply others, super users.
// Names and numbers are the protocol's, through kmsg.
package acl

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Short names for the protocol's types.
type (
	ResourceType = kmsg.ACLResourceType
	Pattern      = kmsg.ACLResourcePatternType
	Operation    = kmsg.ACLOperation
	Permission   = kmsg.ACLPermissionType
)

// ClusterName is the only resource of type cluster.
const ClusterName = "kafka-cluster"

const (
	wildcard      = "*"
	anyUser       = "User:*"
	maxNameLength = 1024
)

// Binding is one rule.
type Binding struct {
	Type       ResourceType `json:"type"`
	Name       string       `json:"name"`
	Pattern    Pattern      `json:"pattern"`
	Principal  string       `json:"principal"`
	Host       string       `json:"host"` // an address, or * for any
	Operation  Operation    `json:"operation"`
	Permission Permission   `json:"permission"`
}

// Compare orders bindings for answers that do not depend on map order.
func (b Binding) Compare(o Binding) int {
	return cmp.Or(cmp.Compare(b.Type, o.Type), cmp.Compare(b.Pattern, o.Pattern), strings.Compare(b.Name, o.Name),
		strings.Compare(b.Principal, o.Principal), strings.Compare(b.Host, o.Host), cmp.Compare(b.Operation, o.Operation), cmp.Compare(b.Permission, o.Permission))
}

// Validate refuses what cannot be a rule.
func (b Binding) Validate() error {
	switch {
	case b.Type < kmsg.ACLResourceTypeTopic || b.Type > kmsg.ACLResourceTypeUser:
		return fmt.Errorf("resource type %d cannot have ACLs", b.Type)
	case b.Pattern != kmsg.ACLResourcePatternTypeLiteral && b.Pattern != kmsg.ACLResourcePatternTypePrefixed:
		return fmt.Errorf("pattern type %d is neither literal nor prefixed", b.Pattern)
	case b.Operation < kmsg.ACLOperationAll || b.Operation > kmsg.ACLOperationDescribeTokens:
		return fmt.Errorf("operation %d cannot be granted", b.Operation)
	case b.Permission != kmsg.ACLPermissionTypeAllow && b.Permission != kmsg.ACLPermissionTypeDeny:
		return fmt.Errorf("permission %d is neither allow nor deny", b.Permission)
	case b.Name == "" || len(b.Name) > maxNameLength:
		return fmt.Errorf("a resource name has between 1 and %d bytes", maxNameLength)
	case b.Type == kmsg.ACLResourceTypeCluster && b.Name != ClusterName:
		return fmt.Errorf("the only cluster resource is %s", ClusterName)
	case b.Host == "" || len(b.Host) > maxNameLength:
		return fmt.Errorf("a host is an address or *")
	}
	kind, name, ok := strings.Cut(b.Principal, ":")
	if !ok || kind == "" || name == "" || len(b.Principal) > maxNameLength {
		return fmt.Errorf("principal %q is not of the form User:name", b.Principal)
	}
	return nil
}

// Filter selects bindings; nil strings and the Any numbers select everything.
type Filter struct {
	Type       ResourceType
	Name       *string
	Pattern    Pattern
	Principal  *string
	Host       *string
	Operation  Operation
	Permission Permission
}

// Validate refuses what cannot be a filter.
func (f Filter) Validate() error {
	if f.Type == kmsg.ACLResourceTypeUnknown || f.Pattern == kmsg.ACLResourcePatternTypeUnknown ||
		f.Operation == kmsg.ACLOperationUnknown || f.Permission == kmsg.ACLPermissionTypeUnknown {
		return fmt.Errorf("the filter has an unknown resource type, pattern type, operation or permission")
	}
	return nil
}

// Matches reports whether the binding is selected. The pattern type Match also
// selects every binding that applies to a resource of that name.
func (f Filter) Matches(b Binding) bool {
	if f.Type != kmsg.ACLResourceTypeAny && f.Type != b.Type ||
		f.Operation != kmsg.ACLOperationAny && f.Operation != b.Operation ||
		f.Permission != kmsg.ACLPermissionTypeAny && f.Permission != b.Permission ||
		f.Principal != nil && *f.Principal != b.Principal || f.Host != nil && *f.Host != b.Host {
		return false
	}
	switch f.Pattern {
	case kmsg.ACLResourcePatternTypeAny:
		return f.Name == nil || *f.Name == b.Name
	case kmsg.ACLResourcePatternTypeMatch:
		return f.Name == nil || b.covers(*f.Name)
	}
	return f.Pattern == b.Pattern && (f.Name == nil || *f.Name == b.Name)
}

// covers reports whether the binding's pattern applies to a resource name.
func (b Binding) covers(name string) bool {
	if b.Pattern == kmsg.ACLResourcePatternTypePrefixed {
		return strings.HasPrefix(name, b.Name)
	}
	return b.Name == name || b.Name == wildcard
}
