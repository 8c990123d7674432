package server

import (
	"regexp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	keyProduce          = 0
	keyFetch            = 1
	keySaslHandshake    = 17
	keyApiVersions      = 18
	keySaslAuthenticate = 36
)

// api is one row of what the server offers. Versions from accept to max are
// served; min is what ApiVersions says. Needs declares what its handler asks the
// authorizer for; a test holds every handler to it.
type api struct {
	name             string
	min, accept, max int16
	needs            []need
	handle           handler // nil for those that the connection handles itself
}

// apis lists what is offered. Produce advertises version 0 although only 3 and
// later are served: older librdkafka looks at the minimum to decide whether a
// broker can take compressed data (KAFKA-18659).
func apis() map[int16]api {
	return map[int16]api{
		0:  {"Produce", 0, 3, 13, needs(writeTopic, writeTxn), nil},
		1:  {"Fetch", 4, 4, 18, needs(readTopic), nil},
		2:  {"ListOffsets", 1, 1, 11, needs(describeTopic), on((*Server).listOffsets)},
		3:  {"Metadata", 0, 0, 13, needs(describeTopic), on((*Server).metadata)},
		8:  {"OffsetCommit", 2, 2, 10, needs(readGroup, readTopic), on((*Server).offsetCommit)},
		9:  {"OffsetFetch", 1, 1, 10, needs(describeGroup, describeTopic), on((*Server).offsetFetch)},
		10: {"FindCoordinator", 0, 0, 6, needs(describeGroup, describeTxn), on((*Server).findCoordinator)},
		11: {"JoinGroup", 0, 0, 9, needs(readGroup), on((*Server).joinGroup)},
		12: {"Heartbeat", 0, 0, 4, needs(readGroup), on((*Server).heartbeat)},
		13: {"LeaveGroup", 0, 0, 5, needs(readGroup), on((*Server).leaveGroup)},
		14: {"SyncGroup", 0, 0, 5, needs(readGroup), on((*Server).syncGroup)},
		15: {"DescribeGroups", 0, 0, 6, needs(describeGroup), on((*Server).describeGroups)},
		16: {"ListGroups", 0, 0, 5, needs(describeGroup), on((*Server).listGroups)},
		17: {"SaslHandshake", 0, 0, 1, nil, nil},
		18: {"ApiVersions", 0, 0, 5, nil, on((*Server).apiVersions)},
		19: {"CreateTopics", 2, 2, 7, needs(createTopic), on((*Server).createTopics)},
		20: {"DeleteTopics", 1, 1, 6, needs(deleteTopic), on((*Server).deleteTopics)},
		21: {"DeleteRecords", 0, 0, 2, needs(deleteTopic), on((*Server).deleteRecords)},
		22: {"InitProducerId", 0, 0, 5, needs(writeTxn, idempotent), on((*Server).initProducerID)},
		23: {"OffsetForLeaderEpoch", 2, 2, 4, needs(describeTopic), on((*Server).offsetForLeaderEpoch)},
		24: {"AddPartitionsToTxn", 0, 0, 5, needs(writeTxn, writeTopic), on((*Server).addPartitionsToTxn)},
		25: {"AddOffsetsToTxn", 0, 0, 4, needs(writeTxn, readGroup), on((*Server).addOffsetsToTxn)},
		26: {"EndTxn", 0, 0, 5, needs(writeTxn), on((*Server).endTxn)},
		27: {"WriteTxnMarkers", 1, 1, 2, needs(alterCluster), on((*Server).writeTxnMarkers)},
		28: {"TxnOffsetCommit", 0, 0, 5, needs(writeTxn, readGroup, readTopic), on((*Server).txnOffsetCommit)},
		29: {"DescribeAcls", 1, 1, 3, needs(describeCluster), on((*Server).describeACLs)},
		30: {"CreateAcls", 1, 1, 3, needs(alterCluster), on((*Server).createACLs)},
		31: {"DeleteAcls", 1, 1, 3, needs(alterCluster), on((*Server).deleteACLs)},
		32: {"DescribeConfigs", 1, 1, 4, needs(describeTopicConfigs, describeClusterConfigs, describeGroupConfigs), on((*Server).describeConfigs)},
		33: {"AlterConfigs", 0, 0, 2, needs(alterTopicConfigs, alterClusterConfigs, alterGroupConfigs), on((*Server).alterConfigs)},
		35: {"DescribeLogDirs", 1, 1, 4, needs(describeCluster), on((*Server).describeLogDirs)},
		36: {"SaslAuthenticate", 0, 0, 2, nil, nil},
		37: {"CreatePartitions", 0, 0, 3, needs(alterTopic), on((*Server).createPartitions)},
		42: {"DeleteGroups", 0, 0, 2, needs(deleteGroup), on((*Server).deleteGroups)},
		43: {"ElectLeaders", 0, 0, 2, needs(alterCluster), on((*Server).electLeaders)},
		44: {"IncrementalAlterConfigs", 0, 0, 1, needs(alterTopicConfigs, alterClusterConfigs, alterGroupConfigs), on((*Server).incrementalAlterConfigs)},
		45: {"AlterPartitionReassignments", 0, 0, 0, needs(alterCluster), on((*Server).alterReassignments)},
		46: {"ListPartitionReassignments", 0, 0, 0, needs(describeCluster), on((*Server).listReassignments)},
		47: {"OffsetDelete", 0, 0, 0, needs(deleteGroup, readTopic), on((*Server).offsetDelete)},
		48: {"DescribeClientQuotas", 0, 0, 1, needs(describeClusterConfigs), on((*Server).describeQuotas)},
		49: {"AlterClientQuotas", 0, 0, 1, needs(alterClusterConfigs), on((*Server).alterQuotas)},
		50: {"DescribeUserScramCredentials", 0, 0, 0, needs(describeCluster), on((*Server).describeScram)},
		51: {"AlterUserScramCredentials", 0, 0, 0, needs(alterCluster), on((*Server).alterScram)},
		60: {"DescribeCluster", 0, 0, 2, nil, on((*Server).describeCluster)},
		61: {"DescribeProducers", 0, 0, 0, needs(readTopic), on((*Server).describeProducers)},
		65: {"DescribeTransactions", 0, 0, 0, needs(describeTxn), on((*Server).describeTransactions)},
		66: {"ListTransactions", 0, 0, 2, needs(describeTxn), on((*Server).listTransactions)},
		68: {"ConsumerGroupHeartbeat", 0, 0, 1, needs(readGroup, describeTopic), on((*Server).consumerGroupHeartbeat)},
		69: {"ConsumerGroupDescribe", 0, 0, 1, needs(describeGroup), on((*Server).consumerGroupDescribe)},
		74: {"ListConfigResources", 0, 0, 1, needs(describeClusterConfigs), on((*Server).listConfigResources)},
		75: {"DescribeTopicPartitions", 0, 0, 0, needs(describeTopic), on((*Server).describeTopicPartitions)},
	}
}

func (s *Server) offered() []kmsg.ApiVersionsResponseApiKey {
	out := make([]kmsg.ApiVersionsResponseApiKey, 0, len(s.apis))
	for key, a := range s.apis {
		row := kmsg.NewApiVersionsResponseApiKey()
		row.ApiKey, row.MinVersion, row.MaxVersion = key, a.min, a.max
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b kmsg.ApiVersionsResponseApiKey) int { return int(a.ApiKey) - int(b.ApiKey) })
	return out
}

// features that clients look at: with transaction.version 2 they let the broker
// add partitions to transactions (KIP-890), with group.version 1 they may use
// the new group protocol (KIP-848).
var features = []struct {
	name  string
	level int16
}{{"group.version", 1}, {"transaction.version", 2}}

var softwareName = regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$`)

func (s *Server) apiVersions(r *request, req *kmsg.ApiVersionsRequest) kmsg.Response {
	resp := kmsg.NewPtrApiVersionsResponse()
	resp.ApiKeys = s.offered()
	if r.version >= 3 {
		if !softwareName.MatchString(req.ClientSoftwareName) || !softwareName.MatchString(req.ClientSoftwareVersion) {
			resp.ErrorCode = errInvalidRequest
			resp.ApiKeys = []kmsg.ApiVersionsResponseApiKey{}
		}
		resp.FinalizedFeaturesEpoch = 0
		for _, f := range features {
			supported := kmsg.NewApiVersionsResponseSupportedFeature()
			supported.Name, supported.MaxVersion = f.name, f.level
			if r.version == 3 {
				supported.MinVersion = 1 // clients of version 3 refuse 0 (KAFKA-17011)
			}
			resp.SupportedFeatures = append(resp.SupportedFeatures, supported)
			final := kmsg.NewApiVersionsResponseFinalizedFeature()
			final.Name, final.MinVersionLevel, final.MaxVersionLevel = f.name, f.level, f.level
			resp.FinalizedFeatures = append(resp.FinalizedFeatures, final)
		}
	}
	if r.version >= 5 {
		other := req.ClusterID != nil && *req.ClusterID != "" && *req.ClusterID != s.meta.ClusterID()
		if other || req.NodeID >= 0 && req.NodeID != s.cfg.NodeID && req.ClusterID != nil && *req.ClusterID != "" {
			resp.ErrorCode = errRebootstrapRequired
		}
	}
	return resp
}
