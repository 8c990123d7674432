package server_test

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker"
	"github.com/kurier-io/kurier/broker/brokertest"
	"github.com/kurier-io/kurier/broker/wireproto"
)

func create(c *client, validateOnly bool, topics ...kmsg.CreateTopicsRequestTopic) []kmsg.CreateTopicsResponseTopic {
	c.t.Helper()
	ct := kmsg.NewPtrCreateTopicsRequest()
	ct.Topics, ct.ValidateOnly = topics, validateOnly
	return c.call(ct, 7).(*kmsg.CreateTopicsResponse).Topics
}

func topic(name string, partitions int32, replicas int16, configs ...string) kmsg.CreateTopicsRequestTopic {
	t := kmsg.CreateTopicsRequestTopic{Topic: name, NumPartitions: partitions, ReplicationFactor: replicas}
	for _, c := range configs {
		k, v, _ := strings.Cut(c, "=")
		t.Configs = append(t.Configs, kmsg.CreateTopicsRequestTopicConfig{Name: k, Value: &v})
	}
	return t
}

func names(c *client) []string {
	var out []string
	for _, t := range c.call(kmsg.NewPtrMetadataRequest(), 12).(*kmsg.MetadataResponse).Topics {
		out = append(out, *t.Topic)
	}
	return out
}

// TestCreateTopics: counts of -1 are the defaults and come back as numbers; what
// is refused creates nothing and says what is wrong.
func TestCreateTopics(t *testing.T) {
	c := dial(t, brokertest.New(t).Addr())
	got := create(c, false, topic("a_b", -1, -1, "retention.ms=1000"))[0]
	if got.ErrorCode != 0 || got.NumPartitions != 1 || got.ReplicationFactor != 1 || got.TopicID == [16]byte{} {
		t.Errorf("with defaults: %+v", got)
	}
	for _, cfg := range got.Configs {
		if want := int8(kmsg.ConfigSourceDefaultConfig); cfg.Name == "retention.ms" {
			if cfg.Source != int8(kmsg.ConfigSourceDynamicTopicConfig) || *cfg.Value != "1000" {
				t.Errorf("the override: %+v", cfg)
			}
		} else if cfg.Source != want {
			t.Errorf("the default of %s has source %d", cfg.Name, cfg.Source)
		}
	}
	assigned := kmsg.CreateTopicsRequestTopic{Topic: "assigned", NumPartitions: -1, ReplicationFactor: -1,
		ReplicaAssignment: []kmsg.CreateTopicsRequestTopicReplicaAssignment{{Partition: 0, Replicas: []int32{1}}, {Partition: 1, Replicas: []int32{1}}}}
	elsewhere := assigned
	elsewhere.ReplicaAssignment = []kmsg.CreateTopicsRequestTopicReplicaAssignment{{Partition: 0, Replicas: []int32{2}}}
	both := assigned
	both.NumPartitions = 2
	for _, tc := range []struct {
		topic   kmsg.CreateTopicsRequestTopic
		code    int16
		message string
	}{
		{topic("a_b", 1, 1), 36, "already exists"}, {topic("a.b", 1, 1), 17, "collides"}, {topic("..", 1, 1), 17, ""},
		{topic(strings.Repeat("x", 250), 1, 1), 17, "249"}, {topic("ä", 1, 1), 17, ""}, {topic("n", 0, 1), 37, ""}, {topic("n", -2, 1), 37, ""},
		{topic("n", 1, 3), 38, "cluster of one"}, {topic("n", 1, 1, "bogus=1"), 40, "bogus"}, {topic("n", 1, 1, "retention.ms=abc"), 40, "retention.ms"},
		{topic("n", 1, 1, "segment.bytes=1000"), 40, "segment.bytes"}, {elsewhere, 39, ""}, {both, 42, ""},
	} {
		got := create(c, false, tc.topic)[0]
		if got.ErrorCode != tc.code || got.ErrorMessage == nil || !strings.Contains(*got.ErrorMessage, tc.message) {
			t.Errorf("%+v: code %d, want %d with %q", tc.topic, got.ErrorCode, tc.code, tc.message)
		}
	}
	if got := create(c, true, topic("only-validated", 3, 1))[0]; got.ErrorCode != 0 || got.NumPartitions != 3 {
		t.Errorf("validate only: %+v", got)
	}
	md := kmsg.NewPtrMetadataRequest()
	md.AllowAutoTopicCreation = true
	md.Topics = []kmsg.MetadataRequestTopic{{Topic: new("a/b")}}
	if code := c.call(md, 12).(*kmsg.MetadataResponse).Topics[0].ErrorCode; code != 17 {
		t.Errorf("auto-creation of an illegal name: %d", code)
	}
	if got := create(c, false, assigned)[0]; got.ErrorCode != 0 || got.NumPartitions != 2 {
		t.Errorf("assigned to us: %+v", got)
	}
	if got := strings.Join(names(c), " "); got != "a_b assigned" {
		t.Errorf("topics: %s", got)
	}
	clamped := dial(t, brokertest.New(t, func(cfg *broker.Config) { cfg.ClampReplication = true }).Addr())
	if got := create(clamped, false, topic("n", 1, 3))[0]; got.ErrorCode != 0 || got.ReplicationFactor != 1 {
		t.Errorf("clamped: %+v", got)
	}
}

// TestARecreatedTopicIsAnother: the id of the one before is unknown, also to
// fetches and produces that were on their way.
func TestARecreatedTopicIsAnother(t *testing.T) {
	c := dial(t, brokertest.New(t).Addr())
	old := create(c, false, topic(aTopic, 1, 1))[0].TopicID
	write := func(id [16]byte) kmsg.ProduceResponseTopicPartition {
		p := kmsg.NewPtrProduceRequest()
		p.Acks, p.TimeoutMillis = -1, 5000
		p.Topics = []kmsg.ProduceRequestTopic{{TopicID: id, Partitions: []kmsg.ProduceRequestTopicPartition{{Records: bigBatch(10)}}}}
		return c.call(p, 13).(*kmsg.ProduceResponse).Topics[0].Partitions[0]
	}
	read := func(id [16]byte, offset int64) kmsg.FetchResponseTopicPartition {
		f := fetchRequest(0, -1, 0)
		f.Topics[0].TopicID, f.Topics[0].Partitions[0].FetchOffset = id, offset
		return c.call(f, 16).(*kmsg.FetchResponse).Topics[0].Partitions[0]
	}
	write(old)
	write(old)
	dt := kmsg.NewPtrDeleteTopicsRequest()
	dt.Topics = []kmsg.DeleteTopicsRequestTopic{{Topic: new(aTopic)}}
	c.call(dt, 6)
	fresh := create(c, false, topic(aTopic, 1, 1))[0].TopicID
	if old == fresh {
		t.Fatal("the id is the same")
	}
	if w, r := write(old), read(old, 0); w.ErrorCode != 100 || r.ErrorCode != 100 || len(r.RecordBatches) > 0 {
		t.Errorf("by the old id: produce %d, fetch %d", w.ErrorCode, r.ErrorCode)
	}
	if r := read(fresh, 0); r.ErrorCode != 0 || r.HighWatermark != 0 {
		t.Errorf("the new topic is not empty: %+v", r)
	}
	md := kmsg.NewPtrMetadataRequest()
	md.Topics = []kmsg.MetadataRequestTopic{{Topic: new(""), TopicID: fresh}, {Topic: new(""), TopicID: old}}
	if got := c.call(md, 13).(*kmsg.MetadataResponse).Topics; got[0].ErrorCode != 0 || *got[0].Topic != aTopic || got[1].ErrorCode != 100 || got[1].Topic != nil {
		t.Errorf("looked up by id: %+v", got)
	}
	if w := write(fresh); w.ErrorCode != 0 || w.BaseOffset != 0 {
		t.Errorf("the first record: %+v", w)
	}
}

// TestConfigsKnowTheirSource, and the legacy request replaces all overrides.
func TestConfigsKnowTheirSource(t *testing.T) {
	c := dial(t, brokertest.New(t).Addr())
	create(c, false, topic(aTopic, 1, 1, "retention.ms=5"))
	source := func(name string) (kmsg.ConfigSource, string) {
		t.Helper()
		dc := kmsg.NewPtrDescribeConfigsRequest()
		dc.IncludeSynonyms = true
		dc.Resources = []kmsg.DescribeConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: aTopic, ConfigNames: []string{name}}}
		row := c.call(dc, 4).(*kmsg.DescribeConfigsResponse).Resources[0].Configs[0]
		syn := ""
		for _, s := range row.ConfigSynonyms {
			syn += s.Name + " "
		}
		return row.Source, strings.TrimSpace(syn)
	}
	alter := func(op kmsg.IncrementalAlterConfigOp, name, value string) int16 {
		ic := kmsg.NewPtrIncrementalAlterConfigsRequest()
		ic.Resources = []kmsg.IncrementalAlterConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: aTopic,
			Configs: []kmsg.IncrementalAlterConfigsRequestResourceConfig{{Name: name, Op: op, Value: &value}}}}
		return c.call(ic, 1).(*kmsg.IncrementalAlterConfigsResponse).Resources[0].ErrorCode
	}
	if code := alter(kmsg.IncrementalAlterConfigOpAppend, "cleanup.policy", "compact"); code != 0 {
		t.Errorf("append to a list: %d", code)
	}
	if got, syn := source("cleanup.policy"); got != kmsg.ConfigSourceDynamicTopicConfig || syn != "cleanup.policy log.cleanup.policy" {
		t.Errorf("an override has source %d, synonyms %q", got, syn)
	}
	if code := alter(kmsg.IncrementalAlterConfigOpDelete, "cleanup.policy", ""); code != 0 {
		t.Errorf("delete: %d", code)
	}
	if got, syn := source("cleanup.policy"); got != kmsg.ConfigSourceDefaultConfig || syn != "log.cleanup.policy" {
		t.Errorf("a default has source %d, synonyms %q", got, syn)
	}
	if code := alter(kmsg.IncrementalAlterConfigOpAppend, "retention.ms", "1"); code != 40 {
		t.Errorf("append to a number: %d, want 40", code)
	}
	ac := kmsg.NewPtrAlterConfigsRequest()
	ac.Resources = []kmsg.AlterConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: aTopic,
		Configs: []kmsg.AlterConfigsRequestResourceConfig{{Name: "max.message.bytes", Value: new("1000")}}}}
	if code := c.call(ac, 1).(*kmsg.AlterConfigsResponse).Resources[0].ErrorCode; code != 0 {
		t.Errorf("legacy alter: %d", code)
	}
	if got, _ := source("retention.ms"); got != kmsg.ConfigSourceDefaultConfig {
		t.Errorf("after a legacy alter the other override stays: source %d", got)
	}
	// No throttle can be set on the broker, so that clearing one changes nothing.
	ic := kmsg.NewPtrIncrementalAlterConfigsRequest()
	ic.Resources = []kmsg.IncrementalAlterConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeBroker, ResourceName: "1",
		Configs: []kmsg.IncrementalAlterConfigsRequestResourceConfig{{Name: "leader.replication.throttled.rate", Op: kmsg.IncrementalAlterConfigOpDelete}}}}
	if code := c.call(ic, 1).(*kmsg.IncrementalAlterConfigsResponse).Resources[0].ErrorCode; code != 0 {
		t.Errorf("clearing a throttle of the broker: %d", code)
	}
}

// TestDeleteRecords moves the start of a log for good.
func TestDeleteRecords(t *testing.T) {
	b := brokertest.New(t)
	c := dial(t, b.Addr())
	create(c, false, topic(aTopic, 1, 1), topic("compacted", 1, 1, "cleanup.policy=compact"))
	for range 20 {
		produceTo(t, c, 0, 10)
	}
	cut := func(name string, offset int64) (int64, int16) {
		dr := kmsg.NewPtrDeleteRecordsRequest()
		dr.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: name, Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Offset: offset}}}}
		row := c.call(dr, 2).(*kmsg.DeleteRecordsResponse).Topics[0].Partitions[0]
		return row.LowWatermark, row.ErrorCode
	}
	if low, code := cut(aTopic, 10); low != 10 || code != 0 {
		t.Errorf("low watermark %d, code %d", low, code)
	}
	if low, code := cut(aTopic, 5); low != 10 || code != 0 {
		t.Errorf("below the start: low watermark %d, code %d", low, code)
	}
	b.Restart()
	c = dial(t, b.Addr())
	f := fetchRequest(0, -1, 0)
	f.Topics[0].Partitions[0].FetchOffset = 5
	if got := c.call(f, 12).(*kmsg.FetchResponse).Topics[0].Partitions[0]; got.ErrorCode != 1 {
		t.Errorf("fetching what is gone: %d", got.ErrorCode)
	}
	if _, code := cut(aTopic, 21); code != 1 {
		t.Errorf("past the end: %d", code)
	}
	if _, code := cut("compacted", 0); code != 44 {
		t.Errorf("of a compacted topic: %d", code)
	}
	if low, code := cut(aTopic, -1); low != 20 || code != 0 {
		t.Errorf("everything: low watermark %d, code %d", low, code)
	}
}

// TestLogAppendTime: the broker's clock is in the answer, in the batch and under
// its checksum.
func TestLogAppendTime(t *testing.T) {
	c := dial(t, brokertest.New(t).Addr())
	create(c, false, topic(aTopic, 1, 1, "message.timestamp.type=LogAppendTime"))
	p := kmsg.NewPtrProduceRequest()
	p.Acks, p.TimeoutMillis = -1, 5000
	p.Topics = []kmsg.ProduceRequestTopic{{Topic: aTopic, Partitions: []kmsg.ProduceRequestTopicPartition{{Records: bigBatch(10)}}}}
	stamp := c.call(p, 9).(*kmsg.ProduceResponse).Topics[0].Partitions[0].LogAppendTime
	b := wireproto.Batch(c.call(fetchRequest(0, -1, 0), 12).(*kmsg.FetchResponse).Topics[0].Partitions[0].RecordBatches)
	if stamp <= 0 || b.MaxTimestamp() != stamp || b.Attributes()&wireproto.AttrLogAppendTime == 0 || b.CheckCRC() != nil {
		t.Errorf("answered %d, stored %d, attributes %x, checksum %v", stamp, b.MaxTimestamp(), b.Attributes(), b.CheckCRC())
	}
}
