package server_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker"
	"github.com/kurier-io/kurier/broker/brokertest"
	"github.com/kurier-io/kurier/broker/security/acl"
	"github.com/kurier-io/kurier/broker/server"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// The resources that the requests below name.
const (
	aTopic = "the-topic"
	aGroup = "the-group"
	anID   = "the-transaction"
)

// open lists the APIs that ask for nothing: what comes before authentication, and
// what every client needs to find its way.
var open = map[int16]bool{17: true, 18: true, 36: true, 60: true}

// alternatives are the rights of which one is enough instead of the declared one.
var alternatives = map[int16][]server.Check{
	3:  {{Op: int8(kmsg.ACLOperationCreate), Kind: int8(kmsg.ACLResourceTypeCluster)}},
	16: {{Op: int8(kmsg.ACLOperationDescribe), Kind: int8(kmsg.ACLResourceTypeCluster)}},
	19: {{Op: int8(kmsg.ACLOperationCreate), Kind: int8(kmsg.ACLResourceTypeCluster)}},
	22: {{Op: int8(kmsg.ACLOperationWrite), Kind: int8(kmsg.ACLResourceTypeTopic)}},
	27: {{Op: int8(kmsg.ACLOperationClusterAction), Kind: int8(kmsg.ACLResourceTypeCluster)}},
}

// hiding lists the APIs that leave out what a client may not see.
var hiding = map[int16]string{16: aGroup, 66: anID}

func batch(transactional bool) []byte {
	b := wireproto.NewBatch(1000, wireproto.Record{Value: []byte("v")})
	if transactional {
		b.SetTransactional(1, 0)
	}
	return b
}

// requests returns, for each API, requests that name the resources above.
func requests() map[int16][]kmsg.Request {
	fill := func(req kmsg.Request, set func()) kmsg.Request { set(); return req }
	out := map[int16][]kmsg.Request{}
	add := func(reqs ...kmsg.Request) { out[reqs[0].Key()] = append(out[reqs[0].Key()], reqs...) }
	zero := []int32{0}

	for _, txn := range []bool{false, true} {
		p := kmsg.NewPtrProduceRequest()
		p.Acks, p.TimeoutMillis = 1, 1000
		if txn {
			p.TransactionID = new(anID)
		}
		p.Topics = []kmsg.ProduceRequestTopic{{Topic: aTopic, Partitions: []kmsg.ProduceRequestTopicPartition{{Records: batch(txn)}}}}
		add(p)
	}
	f := kmsg.NewPtrFetchRequest()
	f.ReplicaID, f.ReplicaState.ID, f.MaxBytes, f.SessionEpoch = -1, -1, 1<<20, -1
	fp := kmsg.NewFetchRequestTopicPartition()
	fp.PartitionMaxBytes = 1 << 20
	f.Topics = []kmsg.FetchRequestTopic{{Topic: aTopic, Partitions: []kmsg.FetchRequestTopicPartition{fp}}}
	add(f)
	lo := kmsg.NewPtrListOffsetsRequest()
	lo.ReplicaID = -1
	lo.Topics = []kmsg.ListOffsetsRequestTopic{{Topic: aTopic, Partitions: []kmsg.ListOffsetsRequestTopicPartition{{Timestamp: -1, CurrentLeaderEpoch: -1}}}}
	add(lo)
	md := kmsg.NewPtrMetadataRequest()
	md.Topics = []kmsg.MetadataRequestTopic{{Topic: new(aTopic)}}
	add(md)
	oc := kmsg.NewPtrOffsetCommitRequest()
	oc.Group, oc.Generation = aGroup, -1
	oc.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: aTopic, Partitions: []kmsg.OffsetCommitRequestTopicPartition{{Offset: 1}}}}
	add(oc)
	of := kmsg.NewPtrOffsetFetchRequest()
	of.Groups = []kmsg.OffsetFetchRequestGroup{{Group: aGroup, MemberEpoch: -1, Topics: []kmsg.OffsetFetchRequestGroupTopic{{Topic: aTopic, Partitions: zero}}}}
	add(of)
	for kind, key := range []string{aGroup, anID} {
		fc := kmsg.NewPtrFindCoordinatorRequest()
		fc.CoordinatorType, fc.CoordinatorKeys = int8(kind), []string{key}
		add(fc)
	}
	jg := kmsg.NewPtrJoinGroupRequest()
	jg.Group, jg.SessionTimeoutMillis, jg.RebalanceTimeoutMillis, jg.ProtocolType = aGroup, 10000, 10000, "consumer"
	jg.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "range"}}
	hb := kmsg.NewPtrHeartbeatRequest()
	lg := kmsg.NewPtrLeaveGroupRequest()
	lg.Members = []kmsg.LeaveGroupRequestMember{{MemberID: "m"}}
	sg := kmsg.NewPtrSyncGroupRequest()
	hb.Group, lg.Group, sg.Group = aGroup, aGroup, aGroup
	add(jg)
	add(hb)
	add(lg)
	add(sg)
	dg := kmsg.NewPtrDescribeGroupsRequest()
	dg.Groups = []string{aGroup}
	add(dg)
	add(kmsg.NewPtrListGroupsRequest())
	ct := kmsg.NewPtrCreateTopicsRequest()
	ct.Topics = []kmsg.CreateTopicsRequestTopic{{Topic: "another", NumPartitions: 1, ReplicationFactor: 1}}
	ct.ValidateOnly = true
	add(ct)
	dt := kmsg.NewPtrDeleteTopicsRequest()
	dt.Topics = []kmsg.DeleteTopicsRequestTopic{{Topic: new(aTopic)}}
	add(dt)
	dr := kmsg.NewPtrDeleteRecordsRequest()
	dr.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: aTopic, Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Offset: 0}}}}
	add(dr)
	ip := kmsg.NewPtrInitProducerIDRequest()
	ip.ProducerID, ip.ProducerEpoch = -1, -1
	it := kmsg.NewPtrInitProducerIDRequest()
	it.ProducerID, it.ProducerEpoch, it.TransactionalID, it.TransactionTimeoutMillis = -1, -1, new(anID), 60000
	add(ip, it)
	oe := kmsg.NewPtrOffsetForLeaderEpochRequest()
	oe.ReplicaID = -2
	oe.Topics = []kmsg.OffsetForLeaderEpochRequestTopic{{Topic: aTopic, Partitions: []kmsg.OffsetForLeaderEpochRequestTopicPartition{{CurrentLeaderEpoch: -1}}}}
	add(oe)
	ap := kmsg.NewPtrAddPartitionsToTxnRequest()
	ap.TransactionalID, ap.Topics = anID, []kmsg.AddPartitionsToTxnRequestTopic{{Topic: aTopic, Partitions: zero}}
	add(ap)
	ao := kmsg.NewPtrAddOffsetsToTxnRequest()
	ao.TransactionalID, ao.Group = anID, aGroup
	add(ao)
	et := kmsg.NewPtrEndTxnRequest()
	et.TransactionalID = anID
	add(et)
	wm := kmsg.NewPtrWriteTxnMarkersRequest()
	wm.Markers = []kmsg.WriteTxnMarkersRequestMarker{{ProducerID: 99, Topics: []kmsg.WriteTxnMarkersRequestMarkerTopic{{Topic: aTopic, Partitions: zero}}}}
	add(wm)
	to := kmsg.NewPtrTxnOffsetCommitRequest()
	to.TransactionalID, to.Group, to.Generation = anID, aGroup, -1
	to.Topics = []kmsg.TxnOffsetCommitRequestTopic{{Topic: aTopic, Partitions: []kmsg.TxnOffsetCommitRequestTopicPartition{{Offset: 1}}}}
	add(to)
	da := kmsg.NewPtrDescribeACLsRequest()
	da.ResourceType, da.ResourcePatternType, da.Operation, da.PermissionType = 1, 1, 1, 1
	add(da)
	// A binding that is refused for what it says would be refused for that first.
	add(createACL(acl.Binding{Type: kmsg.ACLResourceTypeTopic, Name: "x", Pattern: 3, Principal: "User:nobody", Host: "*", Operation: 3, Permission: 3}))
	xa := kmsg.NewPtrDeleteACLsRequest()
	xa.Filters = []kmsg.DeleteACLsRequestFilter{{ResourceType: 1, ResourceName: new("no-such"), ResourcePatternType: 1, Operation: 1, PermissionType: 1}}
	add(xa)
	for kind, name := range map[kmsg.ConfigResourceType]string{kmsg.ConfigResourceTypeTopic: aTopic, kmsg.ConfigResourceTypeBroker: "1", kmsg.ConfigResourceTypeGroupConfig: aGroup} {
		dc := kmsg.NewPtrDescribeConfigsRequest()
		dc.Resources = []kmsg.DescribeConfigsRequestResource{{ResourceType: kind, ResourceName: name}}
		add(dc)
		ac := kmsg.NewPtrAlterConfigsRequest()
		ac.Resources, ac.ValidateOnly = []kmsg.AlterConfigsRequestResource{{ResourceType: kind, ResourceName: name}}, true
		add(ac)
		ic := kmsg.NewPtrIncrementalAlterConfigsRequest()
		ic.Resources, ic.ValidateOnly = []kmsg.IncrementalAlterConfigsRequestResource{{ResourceType: kind, ResourceName: name}}, true
		add(ic)
	}
	add(kmsg.NewPtrDescribeLogDirsRequest())
	cp := kmsg.NewPtrCreatePartitionsRequest()
	cp.Topics, cp.ValidateOnly = []kmsg.CreatePartitionsRequestTopic{{Topic: aTopic, Count: 5}}, true
	add(cp)
	xg := kmsg.NewPtrDeleteGroupsRequest()
	xg.Groups = []string{aGroup}
	add(xg)
	el := kmsg.NewPtrElectLeadersRequest()
	add(el)
	add(kmsg.NewPtrAlterPartitionAssignmentsRequest())
	add(kmsg.NewPtrListPartitionReassignmentsRequest())
	od := kmsg.NewPtrOffsetDeleteRequest()
	od.Group = aGroup
	od.Topics = []kmsg.OffsetDeleteRequestTopic{{Topic: aTopic, Partitions: []kmsg.OffsetDeleteRequestTopicPartition{{}}}}
	add(od)
	add(kmsg.NewPtrDescribeClientQuotasRequest())
	aq := kmsg.NewPtrAlterClientQuotasRequest()
	aq.ValidateOnly = true
	aq.Entries = []kmsg.AlterClientQuotasRequestEntry{{Entity: []kmsg.AlterClientQuotasRequestEntryEntity{{Type: "user", Name: new("u")}}}}
	add(aq)
	add(kmsg.NewPtrDescribeUserSCRAMCredentialsRequest())
	as := kmsg.NewPtrAlterUserSCRAMCredentialsRequest()
	as.Deletions = []kmsg.AlterUserSCRAMCredentialsRequestDeletion{{Name: "nobody", Mechanism: 1}}
	add(as)
	dp := kmsg.NewPtrDescribeProducersRequest()
	dp.Topics = []kmsg.DescribeProducersRequestTopic{{Topic: aTopic, Partitions: zero}}
	add(dp)
	xt := kmsg.NewPtrDescribeTransactionsRequest()
	xt.TransactionalIDs = []string{anID}
	add(xt)
	lt := kmsg.NewPtrListTransactionsRequest()
	lt.DurationFilterMillis = -1
	add(lt)
	ch := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	ch.Group, ch.MemberID, ch.SubscribedTopicNames, ch.MemberEpoch = "new-group", "member", []string{aTopic}, -1
	add(ch)
	cd := kmsg.NewPtrConsumerGroupDescribeRequest()
	cd.Groups = []string{aGroup}
	add(cd)
	add(kmsg.NewPtrListConfigResourcesRequest())
	xp := kmsg.NewPtrDescribeTopicPartitionsRequest()
	xp.Topics = []kmsg.DescribeTopicPartitionsRequestTopic{{Topic: aTopic}}
	add(fill(xp, func() { xp.ResponsePartitionLimit = 10 }))
	return out
}

func createACL(bindings ...acl.Binding) *kmsg.CreateACLsRequest {
	req := kmsg.NewPtrCreateACLsRequest()
	for _, b := range bindings {
		req.Creations = append(req.Creations, kmsg.CreateACLsRequestCreation{ResourceType: b.Type, ResourceName: b.Name, ResourcePatternType: b.Pattern,
			Principal: b.Principal, Host: b.Host, Operation: b.Operation, PermissionType: b.Permission})
	}
	return req
}

// codes collects every error code of a response.
func codes(v reflect.Value) (out []int16) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			out = codes(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, codes(v.Index(i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name == "ErrorCode" {
				out = append(out, int16(v.Field(i).Int()))
			} else if name != "UnknownTags" {
				out = append(out, codes(v.Field(i))...)
			}
		}
	}
	return out
}

// byName is the newest version in which the request names topics, where later
// ones use ids.
var byName = map[int16]int16{0: 12, 1: 12, 8: 9, 9: 9, 24: 3, 45: 0}

// secured starts a broker with ACLs and SASL PLAIN, and returns connections of
// its administrator and of a user without any right.
func secured(t *testing.T) (admin, user *client, addr string) {
	t.Helper()
	c := brokertest.New(t, func(cfg *broker.Config) {
		cfg.Listeners = []broker.Listener{{Name: "SASL_PLAINTEXT", Addr: "127.0.0.1:0", Mechanisms: []string{"PLAIN"}}}
		cfg.PlainUsers = map[string]string{"admin": "a-secret", "mallory": "m-secret"}
		cfg.Authorize, cfg.SuperUsers = true, []string{"User:admin"}
	})
	admin, user = dial(t, c.Addr()), dial(t, c.Addr())
	if a, b := admin.plain("admin", "a-secret"), user.plain("mallory", "m-secret"); a != 0 || b != 0 {
		t.Fatalf("authentication failed: %d, %d", a, b)
	}
	ct := kmsg.NewPtrCreateTopicsRequest()
	ct.Topics = []kmsg.CreateTopicsRequestTopic{{Topic: aTopic, NumPartitions: 1, ReplicationFactor: 1}}
	admin.call(ct, 7)
	oc := requests()[8][0]
	admin.call(oc, 9)
	it := requests()[22][1]
	admin.call(it, 4)
	return admin, user, c.Addr()
}

// TestEveryAPIAsksTheAuthorizer takes away, one at a time, each right that an API
// declares from a user who has all others, and expects to be refused for it. An
// API that declares nothing must be one of the open ones.
func TestEveryAPIAsksTheAuthorizer(t *testing.T) {
	admin, user, _ := secured(t)
	reqs := requests()
	everything := func() []acl.Binding {
		var out []acl.Binding
		for _, kind := range []acl.ResourceType{kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeGroup, kmsg.ACLResourceTypeCluster, kmsg.ACLResourceTypeTransactionalId} {
			name := "*"
			if kind == kmsg.ACLResourceTypeCluster {
				name = acl.ClusterName
			}
			out = append(out, acl.Binding{Type: kind, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Principal: "User:mallory", Host: "*",
				Operation: kmsg.ACLOperationAll, Permission: kmsg.ACLPermissionTypeAllow})
		}
		return out
	}()
	admin.call(createACL(everything...), 3)
	deny := func(c server.Check) acl.Binding {
		b := acl.Binding{Type: acl.ResourceType(c.Kind), Name: "*", Pattern: kmsg.ACLResourcePatternTypeLiteral, Principal: "User:mallory", Host: "*",
			Operation: acl.Operation(c.Op), Permission: kmsg.ACLPermissionTypeDeny}
		if b.Type == kmsg.ACLResourceTypeCluster {
			b.Name = acl.ClusterName
		}
		return b
	}
	for key, api := range server.Needs() {
		if len(api.Checks) == 0 {
			if !open[key] {
				t.Errorf("%s declares no check and is not one of the open APIs", api.Name)
			}
			continue
		}
		if len(reqs[key]) == 0 {
			t.Errorf("%s has no request in this test", api.Name)
			continue
		}
		version := api.Max
		if v, ok := byName[key]; ok {
			version = v
		}
		for _, check := range api.Checks {
			rules := []acl.Binding{deny(check)}
			for _, other := range alternatives[key] {
				rules = append(rules, deny(other))
			}
			admin.call(createACL(rules...), 3)
			refused := false
			var got []string
			for _, req := range reqs[key] {
				resp := user.call(req, version)
				all := codes(reflect.ValueOf(resp))
				got = append(got, fmt.Sprint(all))
				refused = refused || slices.Contains(all, check.Code)
				if name := hiding[key]; name != "" {
					refused = refused || !strings.Contains(fmt.Sprintf("%+v", resp), name)
				}
			}
			if !refused {
				t.Errorf("%s version %d without operation %d on resource type %d: codes %v, want %d", api.Name, version, check.Op, check.Kind, got, check.Code)
			}
			drop := kmsg.NewPtrDeleteACLsRequest()
			drop.Filters = []kmsg.DeleteACLsRequestFilter{{ResourceType: 1, ResourcePatternType: 1, Operation: 1, PermissionType: kmsg.ACLPermissionTypeDeny}}
			admin.call(drop, 3)
		}
	}
}

// TestAUserWithoutRightsSeesNothing: lists are empty, and what is named is refused
// whether it exists or not.
func TestAUserWithoutRightsSeesNothing(t *testing.T) {
	admin, user, _ := secured(t)
	all := kmsg.NewPtrMetadataRequest()
	if n := len(user.call(all, 12).(*kmsg.MetadataResponse).Topics); n != 0 {
		t.Errorf("%d topics are listed", n)
	}
	for _, name := range []string{aTopic, "no-such-topic"} {
		md := kmsg.NewPtrMetadataRequest()
		md.Topics = []kmsg.MetadataRequestTopic{{Topic: new(name)}}
		if got := user.call(md, 12).(*kmsg.MetadataResponse).Topics[0]; got.ErrorCode != 29 || got.TopicID != [16]byte{} {
			t.Errorf("topic %s: code %d, id %x", name, got.ErrorCode, got.TopicID)
		}
	}
	admin.call(createACL(acl.Binding{Type: kmsg.ACLResourceTypeTopic, Name: "the-", Pattern: kmsg.ACLResourcePatternTypePrefixed, Principal: "User:mallory",
		Host: "*", Operation: kmsg.ACLOperationRead, Permission: kmsg.ACLPermissionTypeAllow}), 3)
	md := kmsg.NewPtrMetadataRequest()
	md.IncludeTopicAuthorizedOperations = true
	got := user.call(md, 12).(*kmsg.MetadataResponse).Topics
	if len(got) != 1 || *got[0].Topic != aTopic || got[0].AuthorizedOperations != 1<<kmsg.ACLOperationRead|1<<kmsg.ACLOperationDescribe {
		t.Errorf("with Read on a prefix: %+v", got)
	}
}

// bigBatch is a batch with one record of n bytes.
func bigBatch(n int) []byte {
	return wireproto.NewBatch(1000, wireproto.Record{Value: make([]byte, n)})
}
