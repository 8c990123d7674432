package server

import (
	"fmt"
	"maps"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/metadata"
	"github.com/kurier-io/kurier/broker/security/sasl"
)

// scramMechanisms by the protocol's numbers.
var scramMechanisms = map[int8]string{1: sasl.ScramSHA256, 2: sasl.ScramSHA512}

func (s *Server) describeScram(r *request, req *kmsg.DescribeUserSCRAMCredentialsRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeUserSCRAMCredentialsResponse()
	resp.Results = []kmsg.DescribeUserSCRAMCredentialsResponseResult{}
	if resp.ErrorCode = s.checkCluster(r, describeCluster); resp.ErrorCode != errNone {
		return resp
	}
	var names []string
	for _, u := range req.Users {
		names = append(names, u.Name)
	}
	if len(names) == 0 {
		for _, u := range s.meta.Users() {
			names = append(names, u.Name)
		}
	}
	seen := map[string]int{}
	for _, n := range names {
		seen[n]++
	}
	for _, name := range names {
		row := kmsg.NewDescribeUserSCRAMCredentialsResponseResult()
		row.User, row.CredentialInfos = name, []kmsg.DescribeUserSCRAMCredentialsResponseResultCredentialInfo{}
		u, ok := s.meta.User(name)
		switch {
		case seen[name] > 1:
			row.ErrorCode, row.ErrorMessage = errDuplicateResource, new(fmt.Sprintf("user %q is in the request more than once", name))
		case !ok:
			row.ErrorCode, row.ErrorMessage = errResourceNotFound, new(fmt.Sprintf("user %q has no SCRAM credentials", name))
		}
		for _, number := range []int8{1, 2} {
			if c, ok := u.Keys[scramMechanisms[number]]; ok && row.ErrorCode == errNone {
				info := kmsg.NewDescribeUserSCRAMCredentialsResponseResultCredentialInfo()
				info.Mechanism, info.Iterations = number, int32(c.Iterations)
				row.CredentialInfos = append(row.CredentialInfos, info)
			}
		}
		resp.Results = append(resp.Results, row)
	}
	return resp
}

// scramChange is what a request does to one credential; a nil credential removes it.
type scramChange struct {
	user      string
	mechanism int8
	set       *sasl.Credential
}

func (s *Server) alterScram(r *request, req *kmsg.AlterUserSCRAMCredentialsRequest) kmsg.Response {
	resp := kmsg.NewPtrAlterUserSCRAMCredentialsResponse()
	var changes []scramChange
	refused := map[string]error{}
	for _, d := range req.Deletions {
		changes = append(changes, scramChange{user: d.Name, mechanism: d.Mechanism})
	}
	for _, u := range req.Upsertions {
		c := scramChange{user: u.Name, mechanism: u.Mechanism}
		if u.Iterations < sasl.MinIterations || u.Iterations > sasl.MaxIterations {
			refused[u.Name] = refuse(errUnacceptableCredential, "%d iterations: must be between %d and %d", u.Iterations, sasl.MinIterations, sasl.MaxIterations)
		} else if u.Name == "" || len(u.Salt) == 0 || len(u.SaltedPassword) == 0 {
			refused[u.Name] = refuse(errUnacceptableCredential, "a user, a salt and a salted password are needed")
		} else if m := scramMechanisms[u.Mechanism]; m != "" {
			c.set = new(sasl.FromSalted(m, u.SaltedPassword, u.Salt, int(u.Iterations)))
		}
		changes = append(changes, c)
	}
	type target struct {
		user      string
		mechanism int8
	}
	seen := map[target]bool{}
	var users []string
	byUser := map[string][]scramChange{}
	for _, c := range changes {
		if seen[target{c.user, c.mechanism}] {
			refused[c.user] = refuse(errDuplicateResource, "a credential of user %q is in the request more than once", c.user)
		}
		seen[target{c.user, c.mechanism}] = true
		if scramMechanisms[c.mechanism] == "" {
			refused[c.user] = refuse(errUnsupportedMechanism, "unknown SCRAM mechanism %d", c.mechanism)
		}
		if byUser[c.user] == nil {
			users = append(users, c.user)
		}
		byUser[c.user] = append(byUser[c.user], c)
	}
	allowed := s.mayCluster(r, alterCluster)
	for _, name := range users {
		row := kmsg.NewAlterUserSCRAMCredentialsResponseResult()
		row.User = name
		err := refused[name]
		if !allowed {
			err = refuse(errClusterAuthorization, "not allowed to alter the cluster")
		}
		if err == nil {
			err = s.changeUser(name, byUser[name])
		}
		row.ErrorCode, row.ErrorMessage = refusalOf(err)
		resp.Results = append(resp.Results, row)
	}
	return resp
}

func (s *Server) changeUser(name string, changes []scramChange) error {
	s.adminMu.Lock()
	defer s.adminMu.Unlock()
	old, _ := s.meta.User(name)
	u := metadata.User{Name: name, Keys: maps.Clone(old.Keys)}
	if u.Keys == nil {
		u.Keys = map[string]sasl.Credential{}
	}
	for _, c := range changes {
		mechanism := scramMechanisms[c.mechanism]
		if c.set != nil {
			u.Keys[mechanism] = *c.set
			continue
		}
		if _, ok := u.Keys[mechanism]; !ok {
			return refuse(errResourceNotFound, "user %q has no %s credential", name, mechanism)
		}
		delete(u.Keys, mechanism)
	}
	return s.meta.SetUser(u)
}
