package server_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/brokertest"
	"github.com/kurier-io/kurier/broker/wireproto"
)

func produceBatch(c *client, acks int16, batch []byte) (kmsg.ProduceResponseTopicPartition, error) {
	p := kmsg.NewPtrProduceRequest()
	p.Acks, p.TimeoutMillis = acks, 5000
	p.Topics = []kmsg.ProduceRequestTopic{{Topic: aTopic, Partitions: []kmsg.ProduceRequestTopicPartition{{Records: batch}}}}
	resp, err := c.try(p, 9)
	if err != nil {
		return kmsg.ProduceResponseTopicPartition{}, err
	}
	return resp.(*kmsg.ProduceResponse).Topics[0].Partitions[0], nil
}

// TestOffsetsByTime: the first record with a timestamp of at least that asked
// for, whatever order timestamps have: within one batch, compressed, and over
// segments of one batch each.
func TestOffsetsByTime(t *testing.T) {
	stamps := []int64{1000, 2000, 3000, 2500}
	one := func(codec int) [][]byte {
		var records []wireproto.Record
		for i, ts := range stamps {
			records = append(records, wireproto.Record{TimestampDelta: ts - stamps[0], OffsetDelta: int32(i), Value: make([]byte, 100)})
		}
		b := wireproto.Batch(make([]byte, wireproto.HeaderSize))
		for _, r := range records {
			b = wireproto.AppendRecord(b, r)
		}
		if codec != wireproto.CodecNone {
			payload, err := wireproto.Compress(codec, b[wireproto.HeaderSize:])
			if err != nil {
				t.Fatal(err)
			}
			b = append(b[:wireproto.HeaderSize], payload...)
		}
		wireproto.FinishBatch(b, wireproto.BatchInfo{Attributes: int16(codec), LastOffsetDelta: 3, BaseTimestamp: 1000, MaxTimestamp: 3000,
			ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1, Count: 4})
		return [][]byte{b}
	}
	var many [][]byte
	for _, ts := range stamps {
		many = append(many, wireproto.NewBatch(ts, wireproto.Record{Value: make([]byte, 9000)}))
	}
	for name, tc := range map[string]struct {
		batches [][]byte
		configs []string
	}{
		"one batch":         {one(wireproto.CodecNone), nil},
		"one batch of zstd": {one(wireproto.CodecZstd), nil},
		"four segments":     {many, []string{"segment.bytes=16384"}},
	} {
		c := dial(t, brokertest.New(t).Addr())
		create(c, false, topic(aTopic, 1, 1, tc.configs...))
		for _, b := range tc.batches {
			if got, err := produceBatch(c, -1, b); err != nil || got.ErrorCode != 0 {
				t.Fatalf("%s: produce: %d, %v", name, got.ErrorCode, err)
			}
		}
		list := func(ts int64, version int16) string {
			lo := kmsg.NewPtrListOffsetsRequest()
			lo.ReplicaID, lo.Topics = -1, []kmsg.ListOffsetsRequestTopic{{Topic: aTopic, Partitions: []kmsg.ListOffsetsRequestTopicPartition{{Timestamp: ts, CurrentLeaderEpoch: -1}}}}
			row := c.call(lo, version).(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]
			return fmt.Sprintf("%d@%d/%d", row.Offset, row.Timestamp, row.ErrorCode)
		}
		for _, q := range []struct {
			ts      int64
			version int16
			want    string
		}{
			{0, 7, "0@1000/0"}, {1500, 7, "1@2000/0"}, {2500, 7, "2@3000/0"}, {2600, 7, "2@3000/0"}, {3001, 7, "-1@-1/0"},
			{-1, 1, "4@-1/0"}, {-2, 1, "0@-1/0"}, {-3, 7, "2@3000/0"}, {-3, 6, "-1@-1/35"}, {-4, 8, "0@-1/0"}, {-5, 9, "-1@-1/0"}, {-6, 11, "-1@-1/0"}, {-7, 11, "-1@-1/35"},
		} {
			if got := list(q.ts, q.version); got != q.want {
				t.Errorf("%s: %d in version %d: %s, want %s", name, q.ts, q.version, got, q.want)
			}
		}
	}
}

// TestWithoutAcks: nothing is answered, and a refusal closes the connection.
func TestWithoutAcks(t *testing.T) {
	b := brokertest.New(t)
	c := dial(t, b.Addr())
	create(c, false, topic(aTopic, 1, 1))
	send := func(name string) {
		p := kmsg.NewPtrProduceRequest()
		p.Topics = []kmsg.ProduceRequestTopic{{Topic: name, Partitions: []kmsg.ProduceRequestTopicPartition{{Records: bigBatch(10)}}}}
		if _, err := c.nc.Write(frame(p, 9, 1)); err != nil {
			t.Fatal(err)
		}
	}
	send(aTopic)
	end := requests()[2][0] // the next answer is to the next request
	if got := c.call(end, 7).(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]; got.ErrorCode != 0 {
		t.Errorf("after acks=0: %+v", got)
	}
	send("no-such-topic")
	if n, err := c.nc.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("a refused acks=0: %d bytes, %v", n, err)
	}
}

// TestOffsetsOfGroups: an unknown group has no offsets and no error; metadata of
// 4,096 bytes round-trip and one byte more is refused.
func TestOffsetsOfGroups(t *testing.T) {
	c := dial(t, brokertest.New(t).Addr())
	create(c, false, topic(aTopic, 1, 1))
	fetch := func(version int16) (int64, string, int16) {
		of := requests()[9][0].(*kmsg.OffsetFetchRequest)
		of.Group, of.Topics = aGroup, []kmsg.OffsetFetchRequestTopic{{Topic: aTopic, Partitions: []int32{0}}}
		resp := c.call(of, version).(*kmsg.OffsetFetchResponse)
		if version < 8 {
			row := resp.Topics[0].Partitions[0]
			return row.Offset, *row.Metadata, row.ErrorCode
		}
		row := resp.Groups[0].Topics[0].Partitions[0]
		return row.Offset, *row.Metadata, row.ErrorCode + resp.Groups[0].ErrorCode
	}
	for _, version := range []int16{1, 5, 7, 8, 9} {
		if offset, meta, code := fetch(version); offset != -1 || meta != "" || code != 0 {
			t.Errorf("version %d of an unknown group: %d %q %d", version, offset, meta, code)
		}
	}
	commit := func(meta string) int16 {
		oc := requests()[8][0].(*kmsg.OffsetCommitRequest)
		oc.Topics[0].Partitions[0].Metadata = &meta
		return c.call(oc, 9).(*kmsg.OffsetCommitResponse).Topics[0].Partitions[0].ErrorCode
	}
	long := strings.Repeat("m", 4096)
	if code := commit(long); code != 0 {
		t.Errorf("4,096 bytes: %d", code)
	}
	if code := commit(long + "m"); code != 12 {
		t.Errorf("4,097 bytes: %d, want 12", code)
	}
	if offset, meta, code := fetch(9); offset != 1 || meta != long || code != 0 {
		t.Errorf("fetched: %d, %d bytes, %d", offset, len(meta), code)
	}
}

// TestRefusedRecordsAreNamed: one record without a key refuses the whole batch of
// a compacted topic, compressed or not, and the answer says which.
func TestRefusedRecordsAreNamed(t *testing.T) {
	c := dial(t, brokertest.New(t).Addr())
	create(c, false, topic(aTopic, 1, 1, "cleanup.policy=compact"))
	for _, codec := range []int{wireproto.CodecNone, wireproto.CodecZstd} {
		var payload []byte
		for i := range int32(4) {
			r := wireproto.Record{OffsetDelta: i, Key: []byte("k"), Value: []byte("v")}
			if i == 2 {
				r.Key = nil
			}
			payload = wireproto.AppendRecord(payload, r)
		}
		packed, err := wireproto.Compress(codec, payload)
		if err != nil {
			t.Fatal(err)
		}
		b := append(make(wireproto.Batch, wireproto.HeaderSize), packed...)
		wireproto.FinishBatch(b, wireproto.BatchInfo{Attributes: int16(codec), LastOffsetDelta: 3, BaseTimestamp: 1000, MaxTimestamp: 1000,
			ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1, Count: 4})
		got, err := produceBatch(c, -1, b)
		if err != nil || got.ErrorCode != 87 || len(got.ErrorRecords) != 1 || got.ErrorRecords[0].RelativeOffset != 2 {
			t.Errorf("codec %d: code %d, records %+v, %v", codec, got.ErrorCode, got.ErrorRecords, err)
		}
	}
	if got, err := produceBatch(c, -1, wireproto.NewBatch(1000, wireproto.Record{Key: []byte("k")})); err != nil || got.ErrorCode != 0 || got.BaseOffset != 0 {
		t.Errorf("a good record afterwards: code %d, offset %d, %v", got.ErrorCode, got.BaseOffset, err)
	}
}

// TestLargestBatch: max.message.bytes itself is taken, one byte more is not.
func TestLargestBatch(t *testing.T) {
	c := dial(t, brokertest.New(t).Addr())
	create(c, false, topic(aTopic, 1, 1, "max.message.bytes=500"))
	value := 500 - (len(bigBatch(200)) - 200)
	fits := bigBatch(value)
	if len(fits) != 500 {
		t.Fatalf("the batch has %d bytes", len(fits))
	}
	if got, err := produceBatch(c, -1, fits); err != nil || got.ErrorCode != 0 {
		t.Errorf("500 bytes: code %d, %v", got.ErrorCode, err)
	}
	if got, err := produceBatch(c, -1, bigBatch(value+1)); err != nil || got.ErrorCode != 10 {
		t.Errorf("501 bytes: code %d, %v", got.ErrorCode, err)
	}
}
