package server

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/security/acl"
)

// need is something that an API asks the authorizer for.
type need struct {
	op   acl.Operation
	kind acl.ResourceType
}

// What handlers need, by Kafka's table of operations per API.
var (
	readTopic              = need{kmsg.ACLOperationRead, kmsg.ACLResourceTypeTopic}
	writeTopic             = need{kmsg.ACLOperationWrite, kmsg.ACLResourceTypeTopic}
	createTopic            = need{kmsg.ACLOperationCreate, kmsg.ACLResourceTypeTopic}
	deleteTopic            = need{kmsg.ACLOperationDelete, kmsg.ACLResourceTypeTopic}
	alterTopic             = need{kmsg.ACLOperationAlter, kmsg.ACLResourceTypeTopic}
	describeTopic          = need{kmsg.ACLOperationDescribe, kmsg.ACLResourceTypeTopic}
	describeTopicConfigs   = need{kmsg.ACLOperationDescribeConfigs, kmsg.ACLResourceTypeTopic}
	alterTopicConfigs      = need{kmsg.ACLOperationAlterConfigs, kmsg.ACLResourceTypeTopic}
	readGroup              = need{kmsg.ACLOperationRead, kmsg.ACLResourceTypeGroup}
	describeGroup          = need{kmsg.ACLOperationDescribe, kmsg.ACLResourceTypeGroup}
	deleteGroup            = need{kmsg.ACLOperationDelete, kmsg.ACLResourceTypeGroup}
	describeGroupConfigs   = need{kmsg.ACLOperationDescribeConfigs, kmsg.ACLResourceTypeGroup}
	alterGroupConfigs      = need{kmsg.ACLOperationAlterConfigs, kmsg.ACLResourceTypeGroup}
	writeTxn               = need{kmsg.ACLOperationWrite, kmsg.ACLResourceTypeTransactionalId}
	describeTxn            = need{kmsg.ACLOperationDescribe, kmsg.ACLResourceTypeTransactionalId}
	createInCluster        = need{kmsg.ACLOperationCreate, kmsg.ACLResourceTypeCluster}
	describeCluster        = need{kmsg.ACLOperationDescribe, kmsg.ACLResourceTypeCluster}
	alterCluster           = need{kmsg.ACLOperationAlter, kmsg.ACLResourceTypeCluster}
	clusterAction          = need{kmsg.ACLOperationClusterAction, kmsg.ACLResourceTypeCluster}
	idempotent             = need{kmsg.ACLOperationIdempotentWrite, kmsg.ACLResourceTypeCluster}
	describeClusterConfigs = need{kmsg.ACLOperationDescribeConfigs, kmsg.ACLResourceTypeCluster}
	alterClusterConfigs    = need{kmsg.ACLOperationAlterConfigs, kmsg.ACLResourceTypeCluster}
)

func needs(n ...need) []need { return n }

// may asks the authorizer for a named resource.
func (s *Server) may(r *request, n need, name string) bool {
	return s.cfg.Authorizer.Allowed(r.who, n.op, n.kind, name)
}

// mayCluster asks for the cluster.
func (s *Server) mayCluster(r *request, n need) bool { return s.may(r, n, acl.ClusterName) }

// denied is the code that refuses for lack of n.
func denied(n need) int16 {
	switch n.kind {
	case kmsg.ACLResourceTypeTopic:
		return errTopicAuthorization
	case kmsg.ACLResourceTypeGroup:
		return errGroupAuthorization
	case kmsg.ACLResourceTypeTransactionalId:
		return errTxnIDAuthorization
	}
	return errClusterAuthorization
}

// check is may as a code.
func (s *Server) check(r *request, n need, name string) int16 {
	if s.may(r, n, name) {
		return errNone
	}
	return denied(n)
}

// checkCluster is mayCluster as a code.
func (s *Server) checkCluster(r *request, n need) int16 { return s.check(r, n, acl.ClusterName) }

// mayCreate: creating a topic needs the right on the cluster or on its name.
func (s *Server) mayCreate(r *request, name string) bool {
	return s.mayCluster(r, createInCluster) || s.may(r, createTopic, name)
}

// operations reports what the client may do, for answers that were asked for it.
func (s *Server) operations(r *request, kind acl.ResourceType, name string) int32 {
	return s.cfg.Authorizer.Operations(r.who, kind, name)
}

// visible keeps the topics that the client may know of.
func visible[T any](s *Server, r *request, topics []T, name func(T) string) []T {
	if s.cfg.Authorizer == nil {
		return topics
	}
	return slices.DeleteFunc(topics, func(t T) bool { return !s.may(r, describeTopic, name(t)) })
}
