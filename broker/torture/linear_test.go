package torture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// logOp is a call on a partition; logAnswer what came back.
type logOp struct {
	kind  string // produce, fetch, end
	value string // produced
	from  int64  // fetched
}

type logAnswer struct {
	offset int64    // of the record, or the end
	values []string // fetched
}

// logModel is an append-only register: a produce takes the next offset, a fetch
// returns everything from an offset on, and the end is the length.
var logModel = porcupine.Model{
	Init: func() any { return []string(nil) },
	Step: func(state, input, output any) (bool, any) {
		log, in, out := state.([]string), input.(logOp), output.(logAnswer)
		switch in.kind {
		case "produce":
			return out.offset == int64(len(log)), append(slices.Clip(log), in.value)
		case "end":
			return out.offset == int64(len(log)), log
		}
		return in.from <= int64(len(log)) && slices.Equal(log[in.from:], out.values), log
	},
	Equal:             func(a, b any) bool { return slices.Equal(a.([]string), b.([]string)) },
	DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> %+v", in, out) },
}

// registerModel is the committed offset of a group.
var registerModel = porcupine.Model{
	Init: func() any { return int64(-1) },
	Step: func(state, input, output any) (bool, any) {
		if in := input.(int64); in >= 0 {
			return true, in
		}
		return output.(int64) == state.(int64), state
	},
}

// together runs clients at the same time and returns what they did.
func together(t *testing.T, n *node, clients, each int, do func(r *requester, client, i int, rng *rand.Rand) (in, out any, code int16)) []porcupine.Operation {
	t.Helper()
	var (
		mu  sync.Mutex
		ops []porcupine.Operation
		wg  sync.WaitGroup
	)
	begin := time.Now()
	for c := range clients {
		r := newRequester(t, n)
		wg.Go(func() {
			defer r.close()
			rng := rand.New(rand.NewPCG(uint64(c), 3))
			for i := range each {
				call := time.Since(begin).Nanoseconds()
				in, out, code := do(r, c, i, rng)
				end := time.Since(begin).Nanoseconds()
				if code != 0 {
					t.Errorf("client %d, %v: code %d", c, in, code)
					return
				}
				mu.Lock()
				ops = append(ops, porcupine.Operation{ClientId: c, Input: in, Call: call, Output: out, Return: end})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return ops
}

// TestPartitionIsLinearizable: produce with acks=all, fetch and ListOffsets of one
// partition behave as if done one after another.
func TestPartitionIsLinearizable(t *testing.T) {
	n := mustStart(t, vfs.NewMem())
	r := newRequester(t, n)
	if code := r.create(p0.Topic, 1, nil); code != 0 {
		t.Fatalf("create: code %d", code)
	}
	ops := together(t, n, 6, 60, func(r *requester, client, i int, rng *rand.Rand) (any, any, int16) {
		switch rng.IntN(3) {
		case 0:
			v := fmt.Sprintf("%d.%d", client, i)
			offset, code := r.produce(p0, nil, 9, wireproto.NewBatch(time.Now().UnixMilli(), wireproto.Record{Value: []byte(v)}))
			return logOp{kind: "produce", value: v}, logAnswer{offset: offset}, code
		case 1:
			b, err := r.bounds(p0)
			if err != nil {
				return nil, nil, broken
			}
			// Three requests: only the last one's answer is taken, and its call
			// is widened, which allows more than it should but nothing wrong.
			return logOp{kind: "end"}, logAnswer{offset: b[2]}, 0
		}
		values, from := fetchOnce(r, p0)
		return logOp{kind: "fetch", from: from}, logAnswer{values: values}, 0
	})
	r.close()
	if res := porcupine.CheckOperationsTimeout(logModel, ops, 20*time.Second); res != porcupine.Ok {
		t.Errorf("%d operations: %v", len(ops), res)
	}
	t.Logf("%d operations", len(ops))
	if err := n.stop(); err != nil {
		t.Error(err)
	}
}

// fetchOnce reads the whole partition in one answer.
func fetchOnce(r *requester, at Partition) (values []string, from int64) {
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID, req.MaxBytes, req.SessionEpoch = -1, 8<<20, -1
	row, p := kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
	row.Topic, p.Partition, p.PartitionMaxBytes = at.Topic, at.Index, 8<<20
	row.Partitions = append(row.Partitions, p)
	req.Topics = append(req.Topics, row)
	resp, ok := request[*kmsg.FetchResponse](r, req, 12)
	if !ok {
		return []string{"no answer"}, 0
	}
	byOffset := map[int64]string{}
	next, err := unpack(resp.Topics[0].Partitions[0], 0, false, byOffset)
	if err != nil {
		return []string{err.Error()}, 0
	}
	for o := range next {
		values = append(values, byOffset[o])
	}
	return values, 0
}

// TestCommittedOffsetIsLinearizable treats the offset of a group as a register.
func TestCommittedOffsetIsLinearizable(t *testing.T) {
	n := mustStart(t, vfs.NewMem())
	r := newRequester(t, n)
	if code := r.create(p0.Topic, 1, nil); code != 0 {
		t.Fatalf("create: code %d", code)
	}
	ops := together(t, n, 6, 60, func(r *requester, client, i int, rng *rand.Rand) (any, any, int16) {
		if rng.IntN(2) == 0 {
			got, code := r.committed("g", p0)
			return int64(-1), got, code
		}
		offset := int64(client*1000 + i)
		req := kmsg.NewPtrOffsetCommitRequest()
		row, p := kmsg.NewOffsetCommitRequestTopic(), kmsg.NewOffsetCommitRequestTopicPartition()
		req.Group, req.Generation, row.Topic, p.Offset = "g", -1, p0.Topic, offset
		row.Partitions = append(row.Partitions, p)
		req.Topics = append(req.Topics, row)
		resp, ok := request[*kmsg.OffsetCommitResponse](r, req, 8)
		if !ok {
			return offset, nil, broken
		}
		return offset, nil, resp.Topics[0].Partitions[0].ErrorCode
	})
	r.close()
	if res := porcupine.CheckOperationsTimeout(registerModel, ops, 20*time.Second); res != porcupine.Ok {
		t.Errorf("%d operations: %v", len(ops), res)
	}
	if err := n.stop(); err != nil {
		t.Error(err)
	}
}

// TestModelsRejectWrongHistories keeps the two tests above honest.
func TestModelsRejectWrongHistories(t *testing.T) {
	produced := porcupine.Operation{Input: logOp{kind: "produce", value: "a"}, Call: 0, Output: logAnswer{offset: 0}, Return: 10}
	for name, wrong := range map[string]porcupine.Operation{
		"an acknowledged record is not fetched": {ClientId: 1, Input: logOp{kind: "fetch"}, Call: 20, Output: logAnswer{}, Return: 30},
		"the end is behind":                     {ClientId: 1, Input: logOp{kind: "end"}, Call: 20, Output: logAnswer{offset: 0}, Return: 30},
		"an offset twice":                       {ClientId: 1, Input: logOp{kind: "produce", value: "b"}, Call: 5, Output: logAnswer{offset: 0}, Return: 30},
		"another value":                         {ClientId: 1, Input: logOp{kind: "fetch"}, Call: 5, Output: logAnswer{values: []string{"b"}}, Return: 30},
	} {
		if porcupine.CheckOperations(logModel, []porcupine.Operation{produced, wrong}) {
			t.Errorf("%s: accepted", name)
		}
	}
	if porcupine.CheckOperations(registerModel, []porcupine.Operation{
		{Input: int64(5), Call: 0, Return: 10}, {ClientId: 1, Input: int64(-1), Call: 20, Output: int64(-1), Return: 30}}) {
		t.Error("a commit that is not seen: accepted")
	}
}
