//go:build slow

package torture

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

// commits stores and asks for offsets, as a member or from outside.
func (d *differential) commits(t *rapid.T) {
	group, at := pick(t, "group", "g", "h", "never"), d.at(t)
	if group == "never" || pick(t, "fetch", true, false) {
		stable := pick(t, "stable", true, false)
		d.do(fmt.Sprintf("committed offset of %s in %v stable=%v", group, at, stable), func(s *side) string {
			req := kmsg.NewPtrOffsetFetchRequest()
			req.Group, req.RequireStable = group, stable
			req.Topics = []kmsg.OffsetFetchRequestTopic{{Topic: at.Topic, Partitions: []int32{at.Index}}}
			return ask(s, req, 7, func(r *kmsg.OffsetFetchResponse) string {
				if r.ErrorCode != 0 {
					return fmt.Sprintf("code %d", r.ErrorCode)
				}
				p := r.Topics[0].Partitions[0]
				if p.ErrorCode != 0 {
					return fmt.Sprintf("code 0, %d", p.ErrorCode)
				}
				meta := ""
				if p.Metadata != nil {
					meta = *p.Metadata
				}
				return fmt.Sprintf("offset %d %q", p.Offset, meta)
			})
		})
		return
	}
	offset := rapid.Int64Range(0, 20).Draw(t, "offset")
	as := pick(t, "as", "outside", "member", "wrong generation", "stranger")
	d.do(fmt.Sprintf("commit %s %v %d as %s", group, at, offset, as), func(s *side) string {
		req := kmsg.NewPtrOffsetCommitRequest()
		req.Group, req.Generation = group, -1
		switch as {
		case "member":
			req.MemberID, req.Generation = s.members[group], s.gens[group]
		case "wrong generation":
			req.MemberID, req.Generation = s.members[group], s.gens[group]+1
		case "stranger":
			req.MemberID, req.Generation = "stranger", 1
		}
		if as == "member" && req.MemberID == "" {
			return "no member"
		}
		row, p := kmsg.NewOffsetCommitRequestTopic(), kmsg.NewOffsetCommitRequestTopicPartition()
		row.Topic, p.Partition, p.Offset, p.Metadata = at.Topic, at.Index, offset, new("m")
		row.Partitions = append(row.Partitions, p)
		req.Topics = append(req.Topics, row)
		return ask(s, req, 8, func(r *kmsg.OffsetCommitResponse) string {
			return fmt.Sprintf("code %d", r.Topics[0].Partitions[0].ErrorCode)
		})
	})
}

// group lets at most one member per group come and go.
func (d *differential) group(t *rapid.T) {
	group := pick(t, "group", "g", "h")
	switch op := pick(t, "op", "join", "join", "sync", "heartbeat", "leave", "describe"); op {
	case "join":
		d.do("join "+group, func(s *side) string {
			req := kmsg.NewPtrJoinGroupRequest()
			req.Group, req.MemberID, req.SessionTimeoutMillis, req.RebalanceTimeoutMillis, req.ProtocolType = group, s.members[group], 30_000, 1000, "consumer"
			proto := kmsg.NewJoinGroupRequestProtocol()
			proto.Name, proto.Metadata = "range", []byte("metadata")
			req.Protocols = append(req.Protocols, proto)
			return ask(s, req, 7, func(r *kmsg.JoinGroupResponse) string {
				if r.ErrorCode == 0 || r.ErrorCode == 79 {
					s.members[group] = r.MemberID
				}
				if r.ErrorCode == 0 {
					s.gens[group] = r.Generation
				}
				return fmt.Sprintf("code %d generation %d leader=%v members %d", r.ErrorCode, r.Generation, r.LeaderID == r.MemberID && r.MemberID != "", len(r.Members))
			})
		})
	case "sync":
		d.do("sync "+group, func(s *side) string {
			req := kmsg.NewPtrSyncGroupRequest()
			req.Group, req.MemberID, req.Generation = group, s.members[group], s.gens[group]
			req.GroupAssignment = []kmsg.SyncGroupRequestGroupAssignment{{MemberID: s.members[group], MemberAssignment: []byte("assigned")}}
			return ask(s, req, 3, func(r *kmsg.SyncGroupResponse) string {
				return fmt.Sprintf("code %d %q", r.ErrorCode, r.MemberAssignment)
			})
		})
	case "heartbeat":
		wrong := pick[int32](t, "generation", 0, 0, 1)
		d.do(fmt.Sprintf("heartbeat %s generation+%d", group, wrong), func(s *side) string {
			req := kmsg.NewPtrHeartbeatRequest()
			req.Group, req.MemberID, req.Generation = group, s.members[group], s.gens[group]+wrong
			return ask(s, req, 3, func(r *kmsg.HeartbeatResponse) string { return fmt.Sprintf("code %d", r.ErrorCode) })
		})
	case "leave":
		d.do("leave "+group, func(s *side) string {
			req := kmsg.NewPtrLeaveGroupRequest()
			m := kmsg.NewLeaveGroupRequestMember()
			m.MemberID = s.members[group]
			req.Group, req.Members = group, append(req.Members, m)
			out := ask(s, req, 4, func(r *kmsg.LeaveGroupResponse) string {
				if r.ErrorCode != 0 || len(r.Members) == 0 {
					return fmt.Sprintf("code %d", r.ErrorCode)
				}
				return fmt.Sprintf("code 0, %d", r.Members[0].ErrorCode)
			})
			s.members[group] = ""
			return out
		})
	case "describe":
		d.do("describe group "+group, func(s *side) string {
			req := kmsg.NewPtrDescribeGroupsRequest()
			req.Groups = []string{group}
			return ask(s, req, 5, func(r *kmsg.DescribeGroupsResponse) string {
				g := r.Groups[0]
				return fmt.Sprintf("code %d %s %q %q members %d", g.ErrorCode, g.State, g.ProtocolType, g.Protocol, len(g.Members))
			})
		})
	}
}

func (d *differential) transaction(t *rapid.T) {
	i := pick(t, "producer", 1, 2)
	name := fmt.Sprint("tv", i)
	at := d.at(t)
	switch pick(t, "op", "init", "produce", "produce", "produce", "offset", "commit", "commit", "abort", "list") {
	case "init":
		d.do("init "+name, func(s *side) string {
			code := s.prods[i].init()
			return fmt.Sprintf("code %d", code) // epochs are ids: fencing takes two steps at once here
		})
	case "produce":
		d.do(fmt.Sprintf("produce %s %v", name, at), func(s *side) string {
			if s.prods[i].pid < 0 {
				return "not yet"
			}
			offset, code := s.prods[i].produce(at, "k", fmt.Sprint("x", len(d.log)))
			return d.produced(at, offset, code, 1)
		})
	case "offset":
		offset := rapid.Int64Range(0, 20).Draw(t, "offset")
		d.do(fmt.Sprintf("txn commit %s g %v %d", name, at, offset), func(s *side) string {
			if s.prods[i].pid < 0 {
				return "not yet"
			}
			return fmt.Sprintf("code %d", s.prods[i].commitOffset("g", at, offset))
		})
	case "list":
		d.do("list transactions", func(s *side) string {
			return ask(s, kmsg.NewPtrListTransactionsRequest(), 0, func(r *kmsg.ListTransactionsResponse) string {
				states := map[string]string{}
				for _, t := range r.TransactionStates {
					states[t.TransactionalID] = t.TransactionState
				}
				return fmt.Sprintf("code %d %v", r.ErrorCode, states)
			})
		})
	case "commit":
		d.end(i, name, true)
	case "abort":
		d.end(i, name, false)
	}
}

func (d *differential) end(i int, name string, commit bool) {
	d.do(fmt.Sprintf("end %s commit=%v", name, commit), func(s *side) string {
		if s.prods[i].pid < 0 {
			return "not yet"
		}
		code := s.prods[i].end(commit)
		for at := range s.prods[i].seqs {
			d.ends[at]++ // a marker, maybe
		}
		return fmt.Sprintf("code %d", code) // epochs are ids: fencing takes two steps at once here
	})
}
