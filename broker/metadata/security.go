package metadata

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/broker/security/acl"
	"github.com/kurier-io/kurier/broker/security/sasl"
)

// User is a SCRAM user with a credential for each mechanism.
type User struct {
	Name string                     `json:"name"`
	Keys map[string]sasl.Credential `json:"keys,omitempty"` // by mechanism; none removes the user
}

// QuotaEntity is one part of what a client quota applies to: type user,
// client-id or ip, and its name, nil for the default.
type QuotaEntity struct {
	Type string  `json:"type"`
	Name *string `json:"name,omitempty"`
}

// Quota holds the values set for one combination of entities.
type Quota struct {
	Entity []QuotaEntity      `json:"entity"` // sorted by type
	Values map[string]float64 `json:"values,omitempty"`
}

// Key identifies the combination.
func (q Quota) Key() string {
	var b strings.Builder
	for _, e := range q.Entity {
		b.WriteString(e.Type)
		if e.Name != nil {
			b.WriteString("=" + *e.Name)
		}
		b.WriteByte(0)
	}
	return b.String()
}

// GroupConfig holds the overrides of one group.
type GroupConfig struct {
	Group  string            `json:"group"`
	Values map[string]string `json:"values,omitempty"`
}

// security is the part of the state that concerns who may do what, and how much.
type security struct {
	users  map[string]User
	acls   []acl.Binding
	quotas map[string]Quota
	groups map[string]map[string]string
}

// apply makes new collections: readers keep what they were given.
func (s *security) apply(c command) {
	if u := c.User; u != nil {
		s.users = maps.Clone(s.users)
		if s.users == nil {
			s.users = map[string]User{}
		}
		if s.users[u.Name] = *u; len(u.Keys) == 0 {
			delete(s.users, u.Name)
		}
	}
	if len(c.DropACLs) > 0 || len(c.AddACLs) > 0 {
		gone := map[acl.Binding]bool{}
		for _, b := range slices.Concat(c.DropACLs, c.AddACLs) {
			gone[b] = true
		}
		kept := slices.DeleteFunc(slices.Clone(s.acls), func(b acl.Binding) bool { return gone[b] })
		s.acls = append(kept, c.AddACLs...)
		slices.SortFunc(s.acls, acl.Binding.Compare)
		s.acls = slices.Compact(s.acls)
	}
	if q := c.Quota; q != nil {
		s.quotas = maps.Clone(s.quotas)
		if s.quotas == nil {
			s.quotas = map[string]Quota{}
		}
		if s.quotas[q.Key()] = *q; len(q.Values) == 0 {
			delete(s.quotas, q.Key())
		}
	}
	if g := c.GroupConfig; g != nil {
		s.groups = maps.Clone(s.groups)
		if s.groups == nil {
			s.groups = map[string]map[string]string{}
		}
		if s.groups[g.Group] = g.Values; len(g.Values) == 0 {
			delete(s.groups, g.Group)
		}
	}
}

// commands rebuild the state.
func (s *security) commands() []command {
	var out []command
	for _, u := range s.users {
		out = append(out, command{User: &u})
	}
	for chunk := range slices.Chunk(s.acls, 1000) {
		out = append(out, command{AddACLs: chunk})
	}
	for _, q := range s.quotas {
		out = append(out, command{Quota: &q})
	}
	for name, values := range s.groups {
		out = append(out, command{GroupConfig: &GroupConfig{name, values}})
	}
	return out
}

// liveSize estimates the encoded size.
func (s *security) liveSize() int64 {
	n := int64(len(s.users)*700 + len(s.acls)*200 + len(s.quotas)*200)
	for name, values := range s.groups {
		n += int64(len(name) + 60*len(values))
	}
	return n
}

// SetUser adds, replaces or, without keys, removes a SCRAM user.
func (s *Store) SetUser(u User) error { return s.change(command{User: &u}) }

// User finds a SCRAM user.
func (s *Store) User(name string) (User, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	u, ok := s.security.users[name]
	return u, ok
}

// Users returns all SCRAM users by name.
func (s *Store) Users() []User {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := slices.Collect(maps.Values(s.security.users))
	slices.SortFunc(out, func(a, b User) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// ChangeACLs removes and adds bindings in one step.
func (s *Store) ChangeACLs(drop, add []acl.Binding) error {
	if len(drop) == 0 && len(add) == 0 {
		return nil
	}
	return s.change(command{DropACLs: drop, AddACLs: add})
}

// ACLs returns all bindings, sorted; the slice is shared and must not be changed.
func (s *Store) ACLs() []acl.Binding {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.security.acls
}

// SetQuota replaces the values of one combination of entities; none removes it.
func (s *Store) SetQuota(q Quota) error {
	slices.SortFunc(q.Entity, func(a, b QuotaEntity) int { return cmp.Compare(a.Type, b.Type) })
	return s.change(command{Quota: &q})
}

// Quotas returns all quotas by key; the map is shared and must not be changed.
func (s *Store) Quotas() map[string]Quota {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.security.quotas
}

// SetGroupConfig replaces the overrides of a group; none removes them.
func (s *Store) SetGroupConfig(g GroupConfig) error { return s.change(command{GroupConfig: &g}) }

// GroupConfigs returns the overrides by group; the maps are shared and must not
// be changed.
func (s *Store) GroupConfigs() map[string]map[string]string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.security.groups
}

func (s *Store) change(c command) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commit(c)
}
