package txn

import (
	"encoding/hex"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var metadataOptions = cmp.AllowUnexported(metadata{})

// TestGoldenRecords has the bytes that TransactionLogKey.json and
// TransactionLogValue.json of Kafka 4.1 describe.
func TestGoldenRecords(t *testing.T) {
	for _, c := range []struct {
		name  string
		m     metadata
		value string
	}{
		{"empty", metadata{state: Empty, producerID: 7, prev: noProducer, next: noProducer, epoch: 0, lastEpoch: noEpoch, timeout: 60_000, start: -1, updated: 0x18bcfe56800},
			`0001 0000000000000007 0000 0000ea60 00
			 00                                        # no partitions: null
			 0000018bcfe56800 ffffffffffffffff 00`},
		{"ongoing", metadata{state: Ongoing, producerID: 7, prev: 7, next: noProducer, epoch: 5, lastEpoch: noEpoch, timeout: 60_000, clientVersion: tv2,
			partitions: partitions(nil).with([]TopicPartition{{"u", 2}, {"t", 1}, {"t", 0}}), start: 0x18bcfe56800, updated: 0x18bcfe56801},
			`0001 0000000000000007 0005 0000ea60 01
			 03  02 74 03 00000000 00000001 00         # t: 0, 1
			     02 75 02 00000002 00                  # u: 2
			 0000018bcfe56801 0000018bcfe56800
			 02  00 08 0000000000000007  02 02 0002    # prevPid, clientTV`},
		{"prepared rotation", metadata{state: PrepareCommit, producerID: 7, prev: 7, next: 9, epoch: 32767, lastEpoch: noEpoch, timeout: 1, clientVersion: tv2,
			partitions: partitions(nil).with([]TopicPartition{{"t", 0}}), start: 0x18bcfe56800, updated: 0x18bcfe56800},
			`0001 0000000000000007 7fff 00000001 02
			 02  02 74 02 00000000 00
			 0000018bcfe56800 0000018bcfe56800
			 03  00 08 0000000000000007  01 08 0000000000000009  02 02 0002`},
		{"complete", metadata{state: CompleteAbort, producerID: 7, prev: 7, next: noProducer, epoch: 5, lastEpoch: noEpoch, timeout: 1, start: 1, updated: 2},
			`0001 0000000000000007 0005 00000001 05
			 01                                        # no partitions: empty
			 0000000000000002 0000000000000001
			 01  00 08 0000000000000007`},
	} {
		var lines []string
		for line := range strings.Lines(c.value) {
			line, _, _ = strings.Cut(line, "#")
			lines = append(lines, line)
		}
		want := unhex(t, strings.Join(lines, " "))
		rec := record("id", &c.m)
		if diff := cmp.Diff(unhex(t, "0000 0002 6964"), rec.Key); diff != "" {
			t.Errorf("%s: key: %s", c.name, diff)
		}
		if diff := cmp.Diff(hex.EncodeToString(want), hex.EncodeToString(rec.Value)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		got, err := decodeValue(want)
		if diff := cmp.Diff(c.m, got, metadataOptions); err != nil || diff != "" {
			t.Errorf("%s: decoded: %v %s", c.name, err, diff)
		}
	}
}

func TestTombstone(t *testing.T) {
	if rec := record("id", &metadata{state: Dead}); rec.Value != nil || string(rec.Key) != "\x00\x00\x00\x02id" {
		t.Errorf("tombstone: %q %q", rec.Key, rec.Value)
	}
}

// TestLoadsVersion0 reads what Kafka before 4.0 wrote.
func TestLoadsVersion0(t *testing.T) {
	v := kmsg.TxnMetadataValue{Version: 0, ProducerID: 3, ProducerEpoch: 2, TimeoutMillis: 10, State: 1,
		Topics: []kmsg.TxnMetadataValueTopic{{Topic: "t", Partitions: []int32{1, 0}}}, LastUpdateTimestamp: 6, StartTimestamp: 5}
	got, err := decodeValue(v.AppendTo(nil))
	want := metadata{state: Ongoing, producerID: 3, prev: noProducer, next: noProducer, epoch: 2, lastEpoch: noEpoch, timeout: 10,
		partitions: partitions(nil).with([]TopicPartition{p0, p1}), start: 5, updated: 6}
	if diff := cmp.Diff(want, got, metadataOptions); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestLoadRefuses(t *testing.T) {
	value := func(edit func(v *kmsg.TxnMetadataValue)) []byte {
		v := kmsg.NewTxnMetadataValue()
		v.Version, v.ProducerID = 1, 3
		edit(&v)
		return v.AppendTo(nil)
	}
	key := []byte("\x00\x00\x00\x02id")
	for _, c := range []struct {
		name       string
		key, value []byte
		want       string
	}{
		{"short key", []byte{0}, nil, "key"},
		{"key without id", []byte{0, 0, 0, 0}, nil, "key"},
		{"key with more", append([]byte("\x00\x00\x00\x02id"), 1), nil, "key"},
		{"version", key, value(func(v *kmsg.TxnMetadataValue) { v.Version = 2 }), "version 2"},
		{"state", key, value(func(v *kmsg.TxnMetadataValue) { v.State = 8 }), "state 8"},
		{"negative state", key, value(func(v *kmsg.TxnMetadataValue) { v.State = -1 }), "state -1"},
		{"producer id", key, value(func(v *kmsg.TxnMetadataValue) { v.ProducerID = -1 }), "producer id -1"},
		{"epoch", key, value(func(v *kmsg.TxnMetadataValue) { v.ProducerEpoch = -1 }), "epoch -1"},
		{"truncated", key, value(func(*kmsg.TxnMetadataValue) {})[:20], "truncated"},
		{"more", key, append(value(func(*kmsg.TxnMetadataValue) {}), 0), "after the value"},
	} {
		h := newHarness()
		if err := h.c.Load(c.key, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if _, code := h.c.Describe("id"); code != TransactionalIDNotFound {
			t.Errorf("%s: the id exists", c.name)
		}
	}
	if err := newHarness().c.Load([]byte{0, 9, 1}, nil); err != nil {
		t.Errorf("a key of another version: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	m := at(Ongoing, 5).meta
	for _, state := range []State{Empty, Ongoing, PrepareCommit, PrepareEpochFence, Dead} {
		m.state = state
		rec := record("id", &m)
		f.Add(rec.Key, rec.Value)
	}
	f.Add([]byte("\x00\x00\x00\x02id"), []byte{0, 0, 1})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		b := &fakeBroker{logs: map[TopicPartition][]entry{}}
		c := NewCoordinator(DefaultConfig(), b, fakeMarkers{b}, b, b, slog.New(slog.DiscardHandler))
		if c.Load(key, value) != nil {
			return
		}
		if err := c.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		rows, _, _ := c.List(t0, Filter{})
		for _, row := range rows {
			d, code := c.Describe(row.ID)
			if code != None || d.State.preparing() || d.State == Dead || d.State == PrepareEpochFence {
				t.Errorf("after Resume: %+v, code %d", d, code)
			}
			// What was loaded can be stored and loaded again.
			s, _ := c.find(row.ID, false)
			rec := record(row.ID, &s.m.meta)
			again, err := decodeValue(rec.Value)
			s.m.meta.lastEpoch = noEpoch
			if diff := cmp.Diff(s.m.meta, again, metadataOptions); err != nil || diff != "" {
				t.Errorf("stored and loaded again: %v %s", err, diff)
			}
		}
	})
}

// TestLoadsStatesInPassing: Kafka's log may hold states that an id is in only for
// a moment.
func TestLoadsStatesInPassing(t *testing.T) {
	h := newHarness()
	m := at(Ongoing, 5).meta
	rec := record("id", &m)
	state := 2 + 8 + 2 + 4 // its byte in the value
	for _, s := range []State{Ongoing, PrepareEpochFence} {
		rec.Value[state] = byte(s)
		if err := h.c.Load(rec.Key, rec.Value); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.c.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d, _ := h.c.Describe("id"); d.State != CompleteAbort {
		t.Errorf("a fence became %s", d.State)
	}
	if diff := cmp.Diff([]entry{{pid: 7, epoch: 5, marker: true}}, h.b.logs[p0], cmp.AllowUnexported(entry{})); diff != "" {
		t.Error(diff)
	}
	rec.Value[state] = byte(Dead)
	if err := h.c.Load(rec.Key, rec.Value); err != nil {
		t.Fatal(err)
	}
	if _, code := h.c.Describe("id"); code != TransactionalIDNotFound || h.c.count.Load() != 0 {
		t.Errorf("a dead id: %d", code)
	}
}
