package server

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/metadata"
	"github.com/kurier-io/kurier/broker/quota"
)

// charge counts bytes against the client's quota, silences the connection for as
// long as that asks, and returns what the answer says.
func (c *conn) charge(value, clientID string, bytes int) (throttleMillis int32) {
	if c.listener.Trusted || bytes == 0 {
		return 0
	}
	d := c.s.quotas.Charge(time.Now(), value, strings.TrimPrefix(c.who.Principal, "User:"), clientID, bytes)
	c.mute(d)
	return int32(d.Milliseconds())
}

// quotaFilter is one component of DescribeClientQuotas.
func quotaMatches(c kmsg.DescribeClientQuotasRequestComponent, e metadata.QuotaEntity) bool {
	switch c.MatchType {
	case kmsg.QuotasMatchTypeExact:
		return e.Name != nil && c.Match != nil && *e.Name == *c.Match
	case kmsg.QuotasMatchTypeDefault:
		return e.Name == nil
	}
	return true // any name
}

func (s *Server) describeQuotas(r *request, req *kmsg.DescribeClientQuotasRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeClientQuotasResponse()
	if resp.ErrorCode = s.checkCluster(r, describeClusterConfigs); resp.ErrorCode != errNone {
		return resp
	}
	resp.Entries = []kmsg.DescribeClientQuotasResponseEntry{}
	all := s.meta.Quotas()
	for _, key := range slices.Sorted(maps.Keys(all)) {
		q := all[key]
		matched := 0
		for _, c := range req.Components {
			if slices.ContainsFunc(q.Entity, func(e metadata.QuotaEntity) bool { return e.Type == c.EntityType && quotaMatches(c, e) }) {
				matched++
			}
		}
		if matched < len(req.Components) || req.Strict && len(q.Entity) > matched {
			continue
		}
		row := kmsg.NewDescribeClientQuotasResponseEntry()
		for _, e := range q.Entity {
			row.Entity = append(row.Entity, kmsg.DescribeClientQuotasResponseEntryEntity{Type: e.Type, Name: e.Name})
		}
		for _, name := range slices.Sorted(maps.Keys(q.Values)) {
			row.Values = append(row.Values, kmsg.DescribeClientQuotasResponseEntryValue{Key: name, Value: q.Values[name]})
		}
		resp.Entries = append(resp.Entries, row)
	}
	return resp
}

func (s *Server) alterQuotas(r *request, req *kmsg.AlterClientQuotasRequest) kmsg.Response {
	resp := kmsg.NewPtrAlterClientQuotasResponse()
	allowed := s.mayCluster(r, alterClusterConfigs)
	for i := range req.Entries {
		e := &req.Entries[i]
		row := kmsg.NewAlterClientQuotasResponseEntry()
		for _, part := range e.Entity {
			row.Entity = append(row.Entity, kmsg.AlterClientQuotasResponseEntryEntity{Type: part.Type, Name: part.Name})
		}
		err := refuse(errClusterAuthorization, "not allowed to alter the cluster's configs")
		if allowed {
			err = s.alterQuota(e, req.ValidateOnly)
		}
		row.ErrorCode, row.ErrorMessage = refusalOf(err)
		resp.Entries = append(resp.Entries, row)
	}
	return resp
}

func (s *Server) alterQuota(e *kmsg.AlterClientQuotasRequestEntry, validateOnly bool) error {
	var q metadata.Quota
	var types []string
	for _, part := range e.Entity {
		switch {
		case !slices.Contains([]string{quota.User, quota.ClientID, quota.IP}, part.Type):
			return refuse(errInvalidRequest, "unknown quota entity type %q", part.Type)
		case part.Name != nil && *part.Name == "":
			return refuse(errInvalidRequest, "an empty %s name", part.Type)
		case slices.Contains(types, part.Type):
			return refuse(errInvalidRequest, "entity type %s more than once", part.Type)
		}
		types = append(types, part.Type)
		name := part.Name
		if name != nil {
			name = new(strings.Clone(*name))
		}
		q.Entity = append(q.Entity, metadata.QuotaEntity{Type: part.Type, Name: name})
	}
	slices.SortFunc(q.Entity, func(a, b metadata.QuotaEntity) int { return strings.Compare(a.Type, b.Type) })
	slices.Sort(types)
	if len(types) == 0 || slices.Contains(types, quota.IP) && len(types) > 1 {
		return refuse(errInvalidRequest, "a quota is for a user, a client id, both, or an IP address")
	}
	s.adminMu.Lock()
	defer s.adminMu.Unlock()
	q.Values = maps.Clone(s.meta.Quotas()[q.Key()].Values)
	if q.Values == nil {
		q.Values = map[string]float64{}
	}
	for _, op := range e.Ops {
		if !slices.Contains(quota.Known(types), op.Key) {
			return refuse(errInvalidRequest, "unknown quota %q for %s", op.Key, strings.Join(types, " and "))
		}
		if op.Remove {
			delete(q.Values, op.Key)
			continue
		}
		if !(op.Value > 0) {
			return refuse(errInvalidRequest, "quota %s=%v must be above 0", op.Key, op.Value)
		}
		q.Values[strings.Clone(op.Key)] = op.Value
	}
	if validateOnly {
		return nil
	}
	if err := s.meta.SetQuota(q); err != nil {
		return fmt.Errorf("quota not stored: %w", err)
	}
	s.quotas.Set(s.meta.Quotas())
	return nil
}
