package wireproto

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// golden is the batch of one record key "k", value "v" at timestamp 1000, as
// Kafka's DefaultRecordBatch documents it.
const golden = "0000000000000000" + "0000003a" + "ffffffff" + "02" + "%CRC%" + "0000" + "00000000" + "00000000000003e8" +
	"00000000000003e8" + "ffffffffffffffff" + "ffff" + "ffffffff" + "00000001" + "1000000002" + "6b" + "02" + "76" + "00"

func TestGoldenBatch(t *testing.T) {
	b := NewBatch(1000, Record{Key: []byte("k"), Value: []byte("v")})
	b.SetLeaderEpoch(-1)
	want := strings.Replace(golden, "%CRC%", hex.EncodeToString(b[17:21]), 1)
	if diff := cmp.Diff(want, hex.EncodeToString(b)); diff != "" {
		t.Error(diff)
	}
	// An independent decoder must agree, checksum included.
	var kb kmsg.RecordBatch
	if err := kb.ReadFrom(b); err != nil {
		t.Fatal(err)
	}
	if uint32(kb.CRC) != Checksum(b[21:]) || kb.NumRecords != 1 || kb.FirstTimestamp != 1000 || kb.ProducerID != -1 {
		t.Errorf("kmsg reads %+v", kb)
	}
	var kr kmsg.Record
	if err := kr.ReadFrom(b.Payload()); err != nil || string(kr.Key) != "k" || string(kr.Value) != "v" {
		t.Errorf("kmsg reads record %+v, %v", kr, err)
	}
}

func TestProduceAgreesWithKmsg(t *testing.T) {
	for v := int16(3); v <= 13; v++ {
		req := kmsg.NewPtrProduceRequest()
		req.SetVersion(v)
		req.Acks, req.TimeoutMillis = -1, 1500
		topic := kmsg.NewProduceRequestTopic()
		topic.Topic, topic.TopicID = "events", [16]byte{9, 8, 7}
		for i := range int32(3) {
			p := kmsg.NewProduceRequestTopicPartition()
			p.Partition, p.Records = i, bytes.Repeat([]byte{byte(i)}, 70)
			topic.Partitions = append(topic.Partitions, p)
		}
		req.Topics = append(req.Topics, topic)
		got, err := ReadProduce(req.AppendTo(nil), v)
		if err != nil {
			t.Fatalf("version %d: %v", v, err)
		}
		want := ProduceRequest{Acks: -1, TimeoutMillis: 1500, Topics: []ProduceTopic{{Partitions: []ProducePartition{
			{0, topic.Partitions[0].Records}, {1, topic.Partitions[1].Records}, {2, topic.Partitions[2].Records}}}}}
		if v >= 13 {
			want.Topics[0].ID = topic.TopicID
		} else {
			want.Topics[0].Name = "events"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("version %d: %s", v, diff)
		}
	}
}

func TestFetchAgreesWithKmsg(t *testing.T) {
	for v := int16(4); v <= 18; v++ {
		resp := &FetchResponse{Topics: []FetchTopic{{Name: "events", ID: [16]byte{1}, Partitions: []FetchPartition{
			{Index: 0, HighWatermark: 9, LastStableOffset: 9, LogStartOffset: 2, Records: []byte("abc")},
			{Index: 1, ErrorCode: 3, HighWatermark: -1, LastStableOffset: -1, LogStartOffset: -1},
			{Index: 2, HighWatermark: 5, LastStableOffset: 5, Records: []byte("defg"), Diverging: &EpochEnd{4, 77}},
		}}}}
		dst := AppendResponseHeader(nil, 7, v >= 12)
		pieces, head, size := AppendFetch(dst, v, resp)
		FinishFrame(head, size)
		frame := bytes.Join(pieces, nil)
		hdr := 8
		if v >= 12 {
			hdr++
		}
		if n := int(frame[3]); n != len(frame)-4 || size != 7 {
			t.Errorf("version %d: frame of %d bytes says %d", v, len(frame)-4, n)
		}
		got := kmsg.NewPtrFetchResponse()
		got.SetVersion(v)
		if err := got.ReadFrom(frame[hdr:]); err != nil {
			t.Fatalf("version %d: %v", v, err)
		}
		p := got.Topics[0].Partitions
		if string(p[0].RecordBatches) != "abc" || p[1].ErrorCode != 3 || p[1].RecordBatches == nil || string(p[2].RecordBatches) != "defg" || p[0].HighWatermark != 9 {
			t.Errorf("version %d: %+v", v, p)
		}
		if v >= 12 && (p[2].DivergingEpoch.Epoch != 4 || p[2].DivergingEpoch.EndOffset != 77) {
			t.Errorf("version %d: diverging %+v", v, p[2].DivergingEpoch)
		}
	}
}

func TestCodecsRoundTripAndAreBounded(t *testing.T) {
	src := bytes.Repeat([]byte("0123456789"), 100_000)
	for codec := CodecNone; codec <= CodecZstd; codec++ {
		packed, err := Compress(codec, src)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decompress(codec, packed, len(src))
		if err != nil || !bytes.Equal(got, src) {
			t.Errorf("codec %d: %v", codec, err)
		}
		if _, err := Decompress(codec, packed, len(src)-1); codec != CodecNone && !errors.Is(err, ErrTooLarge) {
			t.Errorf("codec %d past its limit: %v", codec, err)
		}
	}
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte{0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff})
	f.Add([]byte{0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		peek, err := ReadPeek(r)
		if err != nil {
			return
		}
		buf, err := ReadBody(r, peek, 1<<30, func(int) error { return nil })
		if err != nil {
			if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrFrameSize) {
				t.Fatal(err)
			}
			return
		}
		defer buf.Release()
		if cap(buf.B) > max(4*len(in), 128<<10) {
			t.Fatalf("%d bytes reserved for %d received", cap(buf.B), len(in))
		}
		for _, flex := range []bool{false, true} {
			if _, rest, err := ParseHeader(buf.B, flex); err == nil && len(rest) > len(buf.B) {
				t.Fatal("body is longer than the frame")
			}
		}
	})
}

func FuzzProduce(f *testing.F) {
	req := kmsg.NewPtrProduceRequest()
	for _, v := range []int16{3, 9, 13} {
		req.SetVersion(v)
		f.Add(req.AppendTo(nil), v)
	}
	f.Add([]byte{0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, int16(9))
	f.Fuzz(func(t *testing.T, in []byte, v int16) {
		req, err := ReadProduce(in, v&15)
		if err != nil {
			return
		}
		n := 0
		for _, topic := range req.Topics {
			for _, p := range topic.Partitions {
				n += len(p.Records)
			}
		}
		if n > len(in) {
			t.Fatalf("%d record bytes in %d", n, len(in))
		}
	})
}

func FuzzBatch(f *testing.F) {
	f.Add([]byte(NewBatch(1, Record{Key: []byte("k"), Value: []byte("v"), Headers: []byte{2, 2, 'h', 1}})), 0)
	for codec := CodecGzip; codec <= CodecZstd; codec++ {
		packed, err := Compress(codec, []byte(NewBatch(1, Record{Value: []byte("v")}).Payload()))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append([]byte(NewBatch(1)[:HeaderSize:HeaderSize]), packed...), codec)
	}
	f.Fuzz(func(t *testing.T, in []byte, codec int) {
		b, rest, err := NextBatch(in)
		if err != nil {
			return
		}
		if len(b)+len(rest) != len(in) {
			t.Fatal("bytes went missing")
		}
		payload, err := Decompress(codec, b.Payload(), 1<<20)
		if err != nil {
			return
		}
		var records []Record
		if err := EachRecord(payload, b.Count(), func(r Record) error {
			records = append(records, r)
			return nil
		}); err != nil {
			return
		}
		for _, r := range records {
			again, tail, err := NextRecord(AppendRecord(nil, r))
			if err != nil || len(tail) != 0 || !bytes.Equal(again.Key, r.Key) || !bytes.Equal(again.Value, r.Value) || again.TimestampDelta != r.TimestampDelta {
				t.Fatalf("record %+v became %+v, %v", r, again, err)
			}
		}
	})
}
