//go:build slow

package torture

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/broker/wireproto"
)

func pick[T any](t *rapid.T, name string, from ...T) T { return rapid.SampledFrom(from).Draw(t, name) }

func (d *differential) at(t *rapid.T) Partition {
	return Partition{pick(t, "topic", "a", "a", "a", "b", "c"), pick[int32](t, "partition", 0, 0, 1, 3)}
}

func (d *differential) create(name string, parts int32, rf int16, config string) {
	d.do(fmt.Sprintf("create %s partitions=%d rf=%d %s", name, parts, rf, config), func(s *side) string {
		req := kmsg.NewPtrCreateTopicsRequest()
		row := kmsg.NewCreateTopicsRequestTopic()
		row.Topic, row.NumPartitions, row.ReplicationFactor = name, parts, rf
		if k, v, ok := strings.Cut(config, "="); ok {
			row.Configs = append(row.Configs, kmsg.CreateTopicsRequestTopicConfig{Name: k, Value: &v})
		}
		req.Topics = append(req.Topics, row)
		return ask(s, req, 7, func(r *kmsg.CreateTopicsResponse) string {
			if r.Topics[0].ErrorCode != 0 {
				return fmt.Sprintf("code %d", r.Topics[0].ErrorCode)
			}
			return fmt.Sprintf("code 0 partitions=%d rf=%d", r.Topics[0].NumPartitions, r.Topics[0].ReplicationFactor)
		})
	})
}

func (d *differential) topics(t *rapid.T) {
	name := pick(t, "name", "a", "b", "c", "b", "c", "..", "a b", "")
	switch pick(t, "op", "create", "create", "delete", "grow", "metadata") {
	case "create":
		d.create(name, pick[int32](t, "count", 1, 2, -1, 0, -2), pick[int16](t, "rf", 1, -1, 1, 3, 0), pick(t, "config", "", "", "", "retention.ms=1000000", "cleanup.policy=compact", "bogus=1", "retention.ms=x"))
	case "delete":
		d.do("delete "+name, func(s *side) string {
			req := kmsg.NewPtrDeleteTopicsRequest()
			req.TopicNames = []string{name}
			return ask(s, req, 5, func(r *kmsg.DeleteTopicsResponse) string { return fmt.Sprintf("code %d", r.Topics[0].ErrorCode) })
		})
		for at := range maps.Clone(d.ends) {
			if at.Topic == name {
				delete(d.ends, at)
			}
		}
		for _, s := range []*side{d.ours, d.theirs} {
			for _, p := range s.prods {
				for at := range maps.Clone(p.seqs) {
					if at.Topic == name {
						delete(p.seqs, at)
					}
				}
			}
		}
	case "grow":
		count, only := pick[int32](t, "count", 0, 1, 2, 3, 4), pick(t, "validate", false, false, true)
		d.do(fmt.Sprintf("grow %s to %d validate=%v", name, count, only), func(s *side) string {
			req := kmsg.NewPtrCreatePartitionsRequest()
			row := kmsg.NewCreatePartitionsRequestTopic()
			row.Topic, row.Count, req.ValidateOnly = name, count, only
			req.Topics = append(req.Topics, row)
			return ask(s, req, 3, func(r *kmsg.CreatePartitionsResponse) string { return fmt.Sprintf("code %d", r.Topics[0].ErrorCode) })
		})
	case "metadata":
		version := pick(t, "version", int16(4), 9, 12)
		d.do("metadata "+name, func(s *side) string {
			req := kmsg.NewPtrMetadataRequest()
			req.Topics = []kmsg.MetadataRequestTopic{{Topic: &name}}
			return ask(s, req, version, func(r *kmsg.MetadataResponse) string {
				var parts []int
				for _, p := range r.Topics[0].Partitions {
					parts = append(parts, int(p.Partition))
				}
				sort.Ints(parts)
				return fmt.Sprintf("code %d partitions %v", r.Topics[0].ErrorCode, parts)
			})
		})
	}
}

func (d *differential) configs(t *rapid.T) {
	name := pick(t, "name", "a", "b", "c")
	key := pick(t, "key", "retention.ms", "cleanup.policy", "max.message.bytes", "min.insync.replicas")
	if pick(t, "alter", true, false) {
		op := pick[kmsg.IncrementalAlterConfigOp](t, "how", kmsg.IncrementalAlterConfigOpSet, kmsg.IncrementalAlterConfigOpDelete)
		value := map[string]string{"retention.ms": "5000000", "cleanup.policy": "compact", "max.message.bytes": "2000000", "min.insync.replicas": "1"}[key]
		d.do(fmt.Sprintf("alter %s %v %s=%s", name, op, key, value), func(s *side) string {
			req := kmsg.NewPtrIncrementalAlterConfigsRequest()
			row := kmsg.NewIncrementalAlterConfigsRequestResource()
			row.ResourceType, row.ResourceName = kmsg.ConfigResourceTypeTopic, name
			c := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
			c.Name, c.Op = key, op
			if op == kmsg.IncrementalAlterConfigOpSet {
				c.Value = &value
			}
			row.Configs = append(row.Configs, c)
			req.Resources = append(req.Resources, row)
			return ask(s, req, 1, func(r *kmsg.IncrementalAlterConfigsResponse) string {
				return fmt.Sprintf("code %d", r.Resources[0].ErrorCode)
			})
		})
		return
	}
	d.do(fmt.Sprintf("describe %s %s", name, key), func(s *side) string {
		req := kmsg.NewPtrDescribeConfigsRequest()
		row := kmsg.NewDescribeConfigsRequestResource()
		row.ResourceType, row.ResourceName, row.ConfigNames = kmsg.ConfigResourceTypeTopic, name, []string{key}
		req.Resources = append(req.Resources, row)
		return ask(s, req, 4, func(r *kmsg.DescribeConfigsResponse) string {
			out := fmt.Sprintf("code %d", r.Resources[0].ErrorCode)
			for _, c := range r.Resources[0].Configs {
				v := "null"
				if c.Value != nil {
					v = *c.Value
				}
				out += fmt.Sprintf(" %s=%s source=%d", c.Name, v, c.Source)
			}
			return out
		})
	})
}

func (d *differential) plain(t *rapid.T) {
	at, n := d.at(t), pick(t, "records", 1, 1, 3)
	var recs []wireproto.Record
	var stamps []int64
	base := d.timestamps
	for i := range n {
		delta := rapid.Int64Range(0, 500).Draw(t, "delta")
		stamps = append(stamps, base+delta)
		recs = append(recs, wireproto.Record{OffsetDelta: int32(i), TimestampDelta: delta, Key: []byte("k"), Value: fmt.Appendf(nil, "v%d", len(d.log)*10+i)})
	}
	d.timestamps += 100
	d.do(fmt.Sprintf("produce %v %d records %v", at, n, stamps), func(s *side) string {
		b := wireproto.NewBatch(base, recs...)
		info := b.Info()
		info.BaseTimestamp, info.MaxTimestamp = base, slices.Max(stamps)
		wireproto.FinishBatch(b, info)
		offset, code := s.prods[0].r.produce(at, nil, 9, b)
		return d.produced(at, offset, code, n)
	})
}

func (d *differential) produced(at Partition, offset int64, code int16, n int) string {
	if code != 0 {
		return fmt.Sprintf("code %d", code)
	}
	d.ends[at] = max(d.ends[at], offset+int64(n))
	return fmt.Sprintf("code 0 offset %d", offset)
}

// idempotent sends the next sequence, a repetition, a gap or an old epoch.
func (d *differential) idempotent(t *rapid.T) {
	if pick(t, "init", false, false, false, true) {
		d.do("init idempotent", func(s *side) string {
			code := s.prods[0].init()
			return fmt.Sprintf("code %d", code)
		})
		return
	}
	at, shift, old := d.at(t), pick[int32](t, "shift", 0, 0, 0, -1, -3, -7, 2), pick(t, "old epoch", false, false, false, false, true)
	d.do(fmt.Sprintf("produce idempotent %v shift=%d old=%v", at, shift, old), func(s *side) string {
		p := s.prods[0]
		if p.pid < 0 || p.seqs[at]+shift < 0 || old && p.epoch == 0 {
			return "not yet"
		}
		b := wireproto.NewBatch(d.timestamps, wireproto.Record{Value: []byte("idempotent")})
		info := b.Info()
		info.ProducerID, info.ProducerEpoch, info.BaseSequence = p.pid, p.epoch, p.seqs[at]+shift
		if old {
			info.ProducerEpoch--
		}
		wireproto.FinishBatch(b, info)
		offset, code := p.r.produce(at, nil, 9, b)
		if code == 0 && shift == 0 {
			p.seqs[at]++
		}
		return d.produced(at, offset, code, 1)
	})
}

func (d *differential) fetch(t *rapid.T) {
	at, committed := d.at(t), pick(t, "committed", true, false)
	offset := rapid.Int64Range(-1, d.ends[at]+3).Draw(t, "offset")
	d.do(fmt.Sprintf("fetch %v at %d committed=%v", at, offset, committed), func(s *side) string {
		req := kmsg.NewPtrFetchRequest()
		req.ReplicaID, req.MaxBytes, req.SessionEpoch = -1, 1<<20, -1
		if committed {
			req.IsolationLevel = 1
		}
		row, p := kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
		row.Topic, p.Partition, p.FetchOffset, p.PartitionMaxBytes = at.Topic, at.Index, offset, 1<<20
		row.Partitions = append(row.Partitions, p)
		req.Topics = append(req.Topics, row)
		return ask(s, req, 12, func(r *kmsg.FetchResponse) string {
			got := r.Topics[0].Partitions[0]
			if got.ErrorCode != 0 {
				return fmt.Sprintf("code %d", got.ErrorCode)
			}
			values := map[int64]string{}
			next, err := unpack(got, offset, committed, values)
			if err != nil {
				return "error: " + err.Error()
			}
			out := fmt.Sprintf("code 0 start %d stable %d end %d next %d", got.LogStartOffset, got.LastStableOffset, got.HighWatermark, next)
			for _, o := range slices.Sorted(maps.Keys(values)) {
				out += fmt.Sprintf(" %d:%s", o, values[o])
			}
			return out
		})
	})
}

// listOffsets leaves out time -3, which has TestMaxTimestamp.
func (d *differential) listOffsets(t *rapid.T) {
	at, level := d.at(t), pick[int8](t, "level", 0, 1)
	ts := pick[int64](t, "time", -1, -1, -2, -2, d.timestamps-200, d.timestamps-1000, d.timestamps+10_000)
	d.do(fmt.Sprintf("offset of %v time %d level %d", at, ts, level), func(s *side) string {
		req := kmsg.NewPtrListOffsetsRequest()
		row, p := kmsg.NewListOffsetsRequestTopic(), kmsg.NewListOffsetsRequestTopicPartition()
		req.ReplicaID, req.IsolationLevel, row.Topic, p.Partition, p.Timestamp = -1, level, at.Topic, at.Index, ts
		row.Partitions = append(row.Partitions, p)
		req.Topics = append(req.Topics, row)
		return ask(s, req, 7, func(r *kmsg.ListOffsetsResponse) string {
			got := r.Topics[0].Partitions[0]
			return fmt.Sprintf("code %d offset %d time %d", got.ErrorCode, got.Offset, got.Timestamp)
		})
	})
}

func (d *differential) deleteRecords(t *rapid.T) {
	at := d.at(t)
	to := rapid.Int64Range(-2, d.ends[at]+1).Draw(t, "to")
	d.do(fmt.Sprintf("delete records of %v before %d", at, to), func(s *side) string {
		req := kmsg.NewPtrDeleteRecordsRequest()
		row, p := kmsg.NewDeleteRecordsRequestTopic(), kmsg.NewDeleteRecordsRequestTopicPartition()
		row.Topic, p.Partition, p.Offset = at.Topic, at.Index, to
		row.Partitions, req.TimeoutMillis = append(row.Partitions, p), 5000
		req.Topics = append(req.Topics, row)
		return ask(s, req, 2, func(r *kmsg.DeleteRecordsResponse) string {
			got := r.Topics[0].Partitions[0]
			if got.ErrorCode != 0 {
				return fmt.Sprintf("code %d", got.ErrorCode)
			}
			return fmt.Sprintf("code 0 start %d", got.LowWatermark)
		})
	})
}
