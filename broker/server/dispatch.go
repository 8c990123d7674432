package server

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/wireproto"
)

const (
	keyProduce     = 0
	keyFetch       = 1
	keyApiVersions = 18
)

// api is one row of what the server offers. Versions from accept to max are
// served; min is what ApiVersions says.
type api struct {
	name             string
	min, accept, max int16
}

// apis lists what is offered. Produce advertises version 0 although only 3 and
// later are served: older librdkafka looks at the minimum to decide whether a
// broker can take compressed data (KAFKA-18659).
var apis = map[int16]api{
	0:  {"Produce", 0, 3, 13},
	1:  {"Fetch", 4, 4, 18},
	2:  {"ListOffsets", 1, 1, 11},
	3:  {"Metadata", 0, 0, 13},
	8:  {"OffsetCommit", 2, 2, 10},
	9:  {"OffsetFetch", 1, 1, 10},
	10: {"FindCoordinator", 0, 0, 6},
	11: {"JoinGroup", 0, 0, 9},
	12: {"Heartbeat", 0, 0, 4},
	13: {"LeaveGroup", 0, 0, 5},
	14: {"SyncGroup", 0, 0, 5},
	15: {"DescribeGroups", 0, 0, 6},
	16: {"ListGroups", 0, 0, 5},
	18: {"ApiVersions", 0, 0, 5},
	19: {"CreateTopics", 2, 2, 7},
	20: {"DeleteTopics", 1, 1, 6},
	21: {"DeleteRecords", 0, 0, 2},
	22: {"InitProducerId", 0, 0, 5},
	23: {"OffsetForLeaderEpoch", 2, 2, 4},
	32: {"DescribeConfigs", 1, 1, 4},
	33: {"AlterConfigs", 0, 0, 2},
	35: {"DescribeLogDirs", 1, 1, 4},
	37: {"CreatePartitions", 0, 0, 3},
	42: {"DeleteGroups", 0, 0, 2},
	44: {"IncrementalAlterConfigs", 0, 0, 1},
	47: {"OffsetDelete", 0, 0, 0},
	60: {"DescribeCluster", 0, 0, 2},
	75: {"DescribeTopicPartitions", 0, 0, 0},
}

// request is a decoded request with its context.
type request struct {
	ctx      context.Context
	version  int16
	clientID string
	host     string
}

// dispatch decodes a frame and handles it up to the point where only waiting is
// left, which the returned function does.
func (c *conn) dispatch(a api, peek wireproto.Peek, frame []byte) (pending, error) {
	if peek.Key == keyApiVersions && peek.Version > a.max {
		// The header of a future version cannot be trusted: answer in version 0
		// with what is offered (KIP-511).
		resp := kmsg.NewPtrApiVersionsResponse()
		resp.ErrorCode = errUnsupportedVersion
		resp.ApiKeys = offered()
		return c.answer(peek, resp, false), nil
	}
	body := kmsg.RequestForKey(peek.Key)
	if body == nil {
		return nil, fmt.Errorf("%w: no codec for API key %d", errClose, peek.Key)
	}
	body.SetVersion(peek.Version)
	h, rest, err := wireproto.ParseHeader(frame, body.IsFlexible())
	if err != nil {
		return nil, fmt.Errorf("%s: request header: %w", a.name, err)
	}
	r := &request{ctx: c.ctx, version: peek.Version, clientID: h.ClientID, host: c.host}
	if peek.Key == keyProduce {
		return c.produce(r, peek, rest)
	}
	if err := body.ReadFrom(rest); err != nil {
		return nil, fmt.Errorf("%s version %d: %w", a.name, peek.Version, err)
	}
	if f, ok := body.(*kmsg.FetchRequest); ok {
		return c.fetch(r, peek, f), nil
	}
	resp, err := c.s.handle(r, body)
	if err != nil {
		return nil, fmt.Errorf("%s version %d: %w", a.name, peek.Version, err)
	}
	resp.SetVersion(peek.Version)
	return c.answer(peek, resp, resp.IsFlexible() && peek.Key != keyApiVersions), nil
}

// answer encodes a response now and hands it to the writer.
func (c *conn) answer(peek wireproto.Peek, resp kmsg.Response, flexible bool) pending {
	buf := wireproto.GetBuffer(4096)
	b := wireproto.AppendResponseHeader(buf.B[:0], peek.CorrelationID, flexible)
	b = resp.AppendTo(b)
	wireproto.FinishFrame(b, 0)
	return func() (*reply, error) { return &reply{pieces: [][]byte{b}, release: buf.Release}, nil }
}

// handle answers every request but Produce and Fetch. An error closes the
// connection; refusals are codes in the response.
func (s *Server) handle(r *request, body kmsg.Request) (kmsg.Response, error) {
	switch req := body.(type) {
	case *kmsg.ApiVersionsRequest:
		return s.apiVersions(r, req), nil
	case *kmsg.MetadataRequest:
		return s.metadata(req), nil
	case *kmsg.InitProducerIDRequest:
		return s.initProducerID(req), nil
	case *kmsg.ListOffsetsRequest:
		return s.listOffsets(r, req), nil
	case *kmsg.OffsetForLeaderEpochRequest:
		return s.offsetForLeaderEpoch(req), nil
	case *kmsg.FindCoordinatorRequest:
		return s.findCoordinator(r, req), nil
	case *kmsg.JoinGroupRequest:
		return s.joinGroup(r, req), nil
	case *kmsg.SyncGroupRequest:
		return s.syncGroup(r, req), nil
	case *kmsg.HeartbeatRequest:
		return s.heartbeat(req), nil
	case *kmsg.LeaveGroupRequest:
		return s.leaveGroup(r, req), nil
	case *kmsg.OffsetCommitRequest:
		return s.offsetCommit(r, req), nil
	case *kmsg.OffsetFetchRequest:
		return s.offsetFetch(r, req), nil
	case *kmsg.OffsetDeleteRequest:
		return s.offsetDelete(r, req), nil
	case *kmsg.DescribeGroupsRequest:
		return s.describeGroups(r, req), nil
	case *kmsg.ListGroupsRequest:
		return s.listGroups(req), nil
	case *kmsg.DeleteGroupsRequest:
		return s.deleteGroups(r, req), nil
	case *kmsg.CreateTopicsRequest:
		return s.createTopics(r, req), nil
	case *kmsg.DeleteTopicsRequest:
		return s.deleteTopics(r, req), nil
	case *kmsg.CreatePartitionsRequest:
		return s.createPartitions(req), nil
	case *kmsg.DeleteRecordsRequest:
		return s.deleteRecords(req), nil
	case *kmsg.DescribeConfigsRequest:
		return s.describeConfigs(req), nil
	case *kmsg.AlterConfigsRequest:
		return s.alterConfigs(req), nil
	case *kmsg.IncrementalAlterConfigsRequest:
		return s.incrementalAlterConfigs(req), nil
	case *kmsg.DescribeClusterRequest:
		return s.describeCluster(req), nil
	case *kmsg.DescribeLogDirsRequest:
		return s.describeLogDirs(r, req), nil
	case *kmsg.DescribeTopicPartitionsRequest:
		return s.describeTopicPartitions(req), nil
	}
	return nil, fmt.Errorf("%w: API key %d has no handler", errClose, body.Key())
}

func offered() []kmsg.ApiVersionsResponseApiKey {
	out := make([]kmsg.ApiVersionsResponseApiKey, 0, len(apis))
	for key, a := range apis {
		row := kmsg.NewApiVersionsResponseApiKey()
		row.ApiKey, row.MinVersion, row.MaxVersion = key, a.min, a.max
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b kmsg.ApiVersionsResponseApiKey) int { return int(a.ApiKey) - int(b.ApiKey) })
	return out
}

var softwareName = regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$`)

func (s *Server) apiVersions(r *request, req *kmsg.ApiVersionsRequest) kmsg.Response {
	resp := kmsg.NewPtrApiVersionsResponse()
	resp.ApiKeys = offered()
	if r.version >= 3 {
		if !softwareName.MatchString(req.ClientSoftwareName) || !softwareName.MatchString(req.ClientSoftwareVersion) {
			resp.ErrorCode = errInvalidRequest
			resp.ApiKeys = []kmsg.ApiVersionsResponseApiKey{}
		}
		resp.FinalizedFeaturesEpoch = 0
	}
	if r.version >= 5 {
		other := req.ClusterID != nil && *req.ClusterID != "" && *req.ClusterID != s.meta.ClusterID()
		if other || req.NodeID >= 0 && req.NodeID != s.cfg.NodeID && req.ClusterID != nil && *req.ClusterID != "" {
			resp.ErrorCode = errRebootstrapRequired
		}
	}
	return resp
}
