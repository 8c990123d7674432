package server

import (
	"errors"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/security/acl"
)

// maxACLs bounds the authorizer's memory.
const maxACLs = 100_000

var errNoAuthorizer = errors.New("no authorizer is configured: set authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer and super.users")

// aclGate answers what refuses an ACL request as a whole.
func (s *Server) aclGate(r *request, n need) (int16, *string) {
	if s.cfg.Authorizer == nil {
		return errSecurityDisabled, new(errNoAuthorizer.Error())
	}
	return s.checkCluster(r, n), nil
}

// literalIfUnset: version 0 of the ACL requests has no pattern type, and kmsg leaves it 0.
func literalIfUnset(p acl.Pattern) acl.Pattern {
	if p == kmsg.ACLResourcePatternTypeUnknown {
		return kmsg.ACLResourcePatternTypeLiteral
	}
	return p
}

func (s *Server) describeACLs(r *request, req *kmsg.DescribeACLsRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeACLsResponse()
	resp.Resources = []kmsg.DescribeACLsResponseResource{}
	if resp.ErrorCode, resp.ErrorMessage = s.aclGate(r, describeCluster); resp.ErrorCode != errNone {
		return resp
	}
	f := acl.Filter{Type: req.ResourceType, Name: req.ResourceName, Pattern: literalIfUnset(req.ResourcePatternType), Principal: req.Principal,
		Host: req.Host, Operation: req.Operation, Permission: req.PermissionType}
	if err := f.Validate(); err != nil {
		resp.ErrorCode, resp.ErrorMessage = errInvalidRequest, new(err.Error())
		return resp
	}
	for _, b := range s.meta.ACLs() { // sorted by resource
		if !f.Matches(b) {
			continue
		}
		last := len(resp.Resources) - 1
		if last < 0 || resp.Resources[last].ResourceType != b.Type || resp.Resources[last].ResourceName != b.Name || resp.Resources[last].ResourcePatternType != b.Pattern {
			row := kmsg.NewDescribeACLsResponseResource()
			row.ResourceType, row.ResourceName, row.ResourcePatternType = b.Type, b.Name, b.Pattern
			resp.Resources = append(resp.Resources, row)
			last++
		}
		entry := kmsg.NewDescribeACLsResponseResourceACL()
		entry.Principal, entry.Host, entry.Operation, entry.PermissionType = b.Principal, b.Host, b.Operation, b.Permission
		resp.Resources[last].ACLs = append(resp.Resources[last].ACLs, entry)
	}
	return resp
}

func (s *Server) createACLs(r *request, req *kmsg.CreateACLsRequest) kmsg.Response {
	resp := kmsg.NewPtrCreateACLsResponse()
	resp.Results = make([]kmsg.CreateACLsResponseResult, len(req.Creations))
	code, message := s.aclGate(r, alterCluster)
	var add []acl.Binding
	for i, c := range req.Creations {
		row := &resp.Results[i]
		*row = kmsg.NewCreateACLsResponseResult()
		if row.ErrorCode, row.ErrorMessage = code, message; code != errNone {
			continue
		}
		b := acl.Binding{Type: c.ResourceType, Name: c.ResourceName, Pattern: literalIfUnset(c.ResourcePatternType), Principal: c.Principal,
			Host: c.Host, Operation: c.Operation, Permission: c.PermissionType}
		if err := b.Validate(); err != nil {
			row.ErrorCode, row.ErrorMessage = errInvalidRequest, new(err.Error())
			continue
		}
		add = append(add, b)
	}
	var err error
	if len(s.meta.ACLs())+len(add) > maxACLs {
		err = refuse(errPolicyViolation, "more than %d ACLs", maxACLs)
	} else {
		err = s.changeACLs(nil, add)
	}
	for i := range resp.Results {
		if row := &resp.Results[i]; row.ErrorCode == errNone {
			row.ErrorCode, row.ErrorMessage = refusalOf(err)
		}
	}
	return resp
}

func (s *Server) deleteACLs(r *request, req *kmsg.DeleteACLsRequest) kmsg.Response {
	resp := kmsg.NewPtrDeleteACLsResponse()
	resp.Results = make([]kmsg.DeleteACLsResponseResult, len(req.Filters))
	code, message := s.aclGate(r, alterCluster)
	var drop []acl.Binding
	for i, q := range req.Filters {
		row := &resp.Results[i]
		*row = kmsg.NewDeleteACLsResponseResult()
		row.MatchingACLs = []kmsg.DeleteACLsResponseResultMatchingACL{}
		if row.ErrorCode, row.ErrorMessage = code, message; code != errNone {
			continue
		}
		f := acl.Filter{Type: q.ResourceType, Name: q.ResourceName, Pattern: literalIfUnset(q.ResourcePatternType), Principal: q.Principal,
			Host: q.Host, Operation: q.Operation, Permission: q.PermissionType}
		if err := f.Validate(); err != nil {
			row.ErrorCode, row.ErrorMessage = errInvalidRequest, new(err.Error())
			continue
		}
		for _, b := range s.meta.ACLs() {
			if !f.Matches(b) {
				continue
			}
			m := kmsg.NewDeleteACLsResponseResultMatchingACL()
			m.ResourceType, m.ResourceName, m.ResourcePatternType = b.Type, b.Name, b.Pattern
			m.Principal, m.Host, m.Operation, m.PermissionType = b.Principal, b.Host, b.Operation, b.Permission
			row.MatchingACLs = append(row.MatchingACLs, m)
			drop = append(drop, b)
		}
	}
	if err := s.changeACLs(drop, nil); err != nil {
		for i := range resp.Results {
			resp.Results[i].ErrorCode, resp.Results[i].ErrorMessage = refusalOf(err)
		}
	}
	return resp
}

// changeACLs stores a change and puts it into force.
func (s *Server) changeACLs(drop, add []acl.Binding) error {
	if len(drop)+len(add) == 0 {
		return nil
	}
	s.adminMu.Lock()
	defer s.adminMu.Unlock()
	if err := s.meta.ChangeACLs(drop, add); err != nil {
		return err
	}
	s.cfg.Authorizer.Set(slices.Clone(s.meta.ACLs()))
	s.logger.Info("ACLs changed", "added", len(add), "removed", len(drop))
	return nil
}
