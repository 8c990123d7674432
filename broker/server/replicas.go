package server

import (
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// electLeaders gives the honest answer of one node: it leads already.
func (s *Server) electLeaders(r *request, req *kmsg.ElectLeadersRequest) kmsg.Response {
	resp := kmsg.NewPtrElectLeadersResponse()
	resp.Topics = []kmsg.ElectLeadersResponseTopic{}
	resp.ErrorCode = s.checkCluster(r, alterCluster)
	add := func(name string, partitions []int32, exists func(int32) bool) {
		row := kmsg.NewElectLeadersResponseTopic()
		row.Topic = name
		for _, p := range partitions {
			part := kmsg.NewElectLeadersResponseTopicPartition()
			part.Partition, part.ErrorCode, part.ErrorMessage = p, errElectionNotNeeded, new("this broker leads every partition")
			switch {
			case resp.ErrorCode != errNone: // version 0 has no place for it but here
				part.ErrorCode, part.ErrorMessage = resp.ErrorCode, new("not allowed to alter the cluster")
			case !exists(p):
				part.ErrorCode, part.ErrorMessage = errUnknownTopic, new("no such partition")
			}
			row.Partitions = append(row.Partitions, part)
		}
		resp.Topics = append(resp.Topics, row)
	}
	if req.Topics == nil {
		for _, t := range s.meta.Topics() {
			all := make([]int32, t.Partitions)
			for i := range all {
				all[i] = int32(i)
			}
			add(t.Name, all, func(int32) bool { return true })
		}
		return resp
	}
	for _, want := range req.Topics {
		t := s.meta.Topic(want.Topic)
		add(want.Topic, want.Partitions, func(p int32) bool { return s.log(t, p) != nil })
	}
	return resp
}

// alterReassignments accepts the assignment that is in force and no other.
func (s *Server) alterReassignments(r *request, req *kmsg.AlterPartitionAssignmentsRequest) kmsg.Response {
	resp := kmsg.NewPtrAlterPartitionAssignmentsResponse()
	resp.AllowReplicationFactorChange = req.AllowReplicationFactorChange
	resp.Topics = []kmsg.AlterPartitionAssignmentsResponseTopic{}
	if resp.ErrorCode = s.checkCluster(r, alterCluster); resp.ErrorCode != errNone {
		return resp
	}
	for _, want := range req.Topics {
		row := kmsg.NewAlterPartitionAssignmentsResponseTopic()
		row.Topic = want.Topic
		t := s.meta.Topic(want.Topic)
		for _, p := range want.Partitions {
			part := kmsg.NewAlterPartitionAssignmentsResponseTopicPartition()
			part.Partition = p.Partition
			var err error
			switch {
			case s.log(t, p.Partition) == nil:
				err = refuse(errUnknownTopic, "no such partition")
			case p.Replicas == nil:
				err = refuse(errNoReassignment, "no reassignment is in progress")
			case !slices.Equal(p.Replicas, []int32{s.cfg.NodeID}):
				err = refuse(errInvalidAssignment, "the only broker is %d", s.cfg.NodeID)
			}
			part.ErrorCode, part.ErrorMessage = refusalOf(err)
			row.Partitions = append(row.Partitions, part)
		}
		resp.Topics = append(resp.Topics, row)
	}
	return resp
}

// listReassignments: there never is one.
func (s *Server) listReassignments(r *request, _ *kmsg.ListPartitionReassignmentsRequest) kmsg.Response {
	resp := kmsg.NewPtrListPartitionReassignmentsResponse()
	resp.Topics = []kmsg.ListPartitionReassignmentsResponseTopic{}
	if resp.ErrorCode = s.checkCluster(r, describeCluster); resp.ErrorCode != errNone {
		resp.ErrorMessage = new(fmt.Sprintf("%s may not describe the cluster", r.who.Principal))
	}
	return resp
}
