package torture

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// TestMaxTimestamp asks for the largest timestamp (KIP-734) where the record that
// the segment remembers cannot be the answer.
func TestMaxTimestamp(t *testing.T) {
	batch := func(ts, header int64) wireproto.Batch {
		b := wireproto.NewBatch(ts, wireproto.Record{Value: []byte("v")})
		info := b.Info()
		info.MaxTimestamp = header
		wireproto.FinishBatch(b, info)
		return b
	}
	for name, tc := range map[string]struct {
		prepare func(r *requester) int16
		offset  int64
	}{
		"plain":                    {func(*requester) int16 { return 0 }, 0},
		"deleted up to the last":   {func(r *requester) int16 { return r.deleteRecords(p0, 1) }, 1},
		"all deleted":              {func(r *requester) int16 { return r.deleteRecords(p0, 2) }, -1},
		"a header that overstates": {func(r *requester) int16 { _, code := r.produce(p0, nil, 9, batch(2500, 9000)); return code }, 2},
		"a marker is the newest": {func(r *requester) int16 {
			p := &producer{r: r, id: new("id"), v2: true}
			if code := p.init(); code != 0 {
				return code
			}
			if _, code := p.produce(p0, "k", "v"); code != 0 {
				return code
			}
			return p.end(true)
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			n := mustStart(t, vfs.NewMem())
			r := newRequester(t, n)
			codes := []int16{r.create(p0.Topic, 1, map[string]string{"retention.ms": "-1"})}
			for _, ts := range []int64{2000, 1000} {
				_, code := r.produce(p0, nil, 9, batch(ts, ts))
				codes = append(codes, code)
			}
			codes = append(codes, tc.prepare(r))
			if fmt.Sprint(codes) != "[0 0 0 0]" {
				t.Fatalf("codes %v", codes)
			}
			req := kmsg.NewPtrListOffsetsRequest()
			row, p := kmsg.NewListOffsetsRequestTopic(), kmsg.NewListOffsetsRequestTopicPartition()
			req.ReplicaID, row.Topic, p.Timestamp = -1, p0.Topic, -3
			row.Partitions = append(row.Partitions, p)
			req.Topics = append(req.Topics, row)
			resp, err := r.conn.call(req, 7, 2*time.Second)
			if err != nil {
				t.Fatalf("no answer: %v", err) // the broker would not stop either
			}
			if got := resp.(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]; got.ErrorCode != 0 || got.Offset != tc.offset {
				t.Errorf("offset %d, code %d; want %d", got.Offset, got.ErrorCode, tc.offset)
			}
			r.close()
			if err := n.stop(); err != nil {
				t.Error(err)
			}
		})
	}
}
