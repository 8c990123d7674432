package commitlog

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// FuzzRecovery opens a store over arbitrary journal, segment, checkpoint and side
// files. It must come up, or say what is damaged; what can be read must be sound.
func FuzzRecovery(f *testing.F) {
	batch := batchOf([]byte("k"), []byte("v"))
	id := specs(smallConfig())[0].ID
	frame := append(make([]byte, frameHeader), appendEntry(nil, entry{id: id, data: batch, length: uint32(len(batch))})...)
	sealFrame(frame, 0, 1)
	ckpt := checkpoint{logs: map[ID]logState{id: {}}}.encode()
	f.Add([]byte(frame), []byte(batch), ckpt, producers{}.encode(), []byte("0\n1\n0 0\n"))
	// An aborted and an open transaction, with the index and a snapshot that know them.
	data, marker := transactional(5, 0, 0, 1), wireproto.NewMarker(1, 5, 1, wireproto.ControlMarker{CoordinatorEpoch: 3})
	marker.SetBaseOffset(1)
	open := transactional(5, 1, 0, 2)
	open.SetBaseOffset(2)
	history := slices.Concat(data, marker, open)
	r := replayer{prods: producers{}}
	r.data(data, logPos{}, 1)
	covered := checkpoint{logs: map[ID]logState{id: {end: 4}}}.encode()
	f.Add([]byte{}, []byte(history), covered, r.prods.encode(), encodeAborted([]aborted{{5, 0, 1, 2}}))
	f.Add([]byte{}, []byte(history), ckpt, r.prods.encode(), []byte{})
	f.Add([]byte(frame[:40]), []byte(batch[:30]), []byte{}, []byte{}, []byte{})
	f.Add([]byte{}, append([]byte(batch), batch...), ckpt, []byte{0, 2}, []byte("x"))
	f.Fuzz(func(t *testing.T, journal, segment, ckpt, snapshot, history []byte) {
		fs := vfs.NewMem()
		put := func(name string, data []byte) {
			if err := writePlain(fs, name, data); err != nil {
				t.Fatal(err)
			}
		}
		for _, d := range []string{journalDir, "t-0"} {
			if err := fs.MkdirAll(d); err != nil {
				t.Fatal(err)
			}
		}
		parts := specs(smallConfig())
		put(journalName(0), journal)
		put("t-0/"+segmentName(0)+".log", segment)
		put("t-0/"+segmentName(0)+".index", history)
		put("t-0/"+segmentName(0)+".timeindex", snapshot)
		put("t-0/"+segmentName(0)+".producers", snapshot)
		put("t-0/"+segmentName(0)+".txnindex", history)
		put("t-0/leader-epoch-checkpoint", history)
		put("t-0/partition.metadata", partitionMetadata(parts[0].Topic))
		if len(ckpt) > 0 {
			put(checkpointFile, ckpt)
		}
		s, err := Open(smallOptions(fs), parts, 0, (&epochCounter{}).next)
		if err != nil {
			if _, ok := errors.AsType[*CorruptError](err); !ok {
				t.Fatalf("recovery failed without naming the damage: %v", err)
			}
			return
		}
		l := s.Log(parts[0].ID)
		if lso := l.LastStable(); lso < l.LogStart() || lso > l.HighWatermark() {
			t.Fatalf("last stable offset %d is not within %d and %d", lso, l.LogStart(), l.HighWatermark())
		}
		if res, err := l.ReadCommitted(l.LogStart(), 1<<20, true); err == nil {
			res.Release()
		}
		for _, p := range l.Producers() {
			if first, open := l.OpenTransaction(p.ProducerID); open != (p.TxnStartOffset >= 0) || first != p.TxnStartOffset || first >= l.HighWatermark() {
				t.Fatalf("producer %+v has a transaction at %d, %v", p, first, open)
			}
		}
		at := l.LogStart()
		for at < l.HighWatermark() {
			res, err := l.Read(at, 1<<20, true)
			if err != nil || len(res.Records) == 0 {
				break
			}
			for rest := res.Records; len(rest) > 0; {
				var b wireproto.Batch
				if b, rest, err = wireproto.NextBatch(rest); err != nil || b.LastOffset() < at {
					t.Fatalf("at %d: batch to %d, %v", at, b.LastOffset(), err)
				}
				at = b.LastOffset() + 1
			}
			res.Release()
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(batchOf([]byte("k"), []byte("v"))), true, int16(9))
	f.Add([]byte(idempotent(1, 0, 0, 3)), false, int16(3))
	f.Fuzz(func(t *testing.T, in []byte, compact bool, version int16) {
		cfg := smallConfig()
		cfg.Compact = compact
		b, err := Validate(in, cfg, version)
		if err == nil && (b.CheckCRC() != nil || b.Count() < 1 || len(b) != len(in)) {
			t.Fatalf("accepted %x", in)
		}
	})
}

// FuzzProducers: a snapshot that is accepted is written back as it was.
func FuzzProducers(f *testing.F) {
	ps := producers{}
	r := replayer{prods: ps}
	r.data(transactional(5, 2, 7, 3), logPos{}, 9)
	r.data(idempotent(6, 0, 0, 1), logPos{}, 9)
	r.marker(Marker{ProducerID: 7, Epoch: 1, CoordinatorEpoch: 4}, 8, 1, 9)
	f.Add(ps.encode()[snapshotHead:], int64(10))
	f.Add([]byte{}, int64(0))
	f.Fuzz(func(t *testing.T, entries []byte, end int64) {
		in := append(make([]byte, snapshotHead), entries...)
		in[1] = snapshotVersion
		binary.BigEndian.PutUint32(in[2:], wireproto.Checksum(entries))
		ps, err := decodeProducers(in, end)
		if err != nil {
			return
		}
		out := ps.encode()
		back, err := decodeProducers(out, end)
		if err != nil || len(back) != len(ps) || !bytes.Equal(back.encode(), out) {
			t.Fatalf("%x was read as %x", in, out)
		}
		for pid, p := range ps { // what it says must be usable
			_, _ = ps.check(idempotent(pid, p.epoch, 0, 1), false)
			ps.mark(Marker{ProducerID: pid, Epoch: p.epoch}, 0, 0)
		}
	})
}

// FuzzJournal: frames are read or refused, never misread.
func FuzzJournal(f *testing.F) {
	id := specs(smallConfig())[0].ID
	batch := transactional(1, 0, 0, 1)
	f.Add(appendEntry(nil, entry{id: id, data: batch, length: uint32(len(batch))}), uint32(1))
	f.Add(appendEntry(nil, entry{id: id, extent: true, crc: 7, length: 90, baseOffset: 3, pos: 100}), uint32(1))
	f.Add([]byte{1, 2, 3}, uint32(1<<31))
	f.Fuzz(func(t *testing.T, payload []byte, n uint32) {
		frame := append(make([]byte, frameHeader), payload...)
		sealFrame(frame, 9, n)
		seq, count, got, err := readFrame(append(frame, 0xff))
		if err != nil || seq != 9 || count != n || !bytes.Equal(got, payload) {
			t.Fatalf("frame %d of %d: %v", seq, count, err)
		}
		var out []byte
		entries := uint32(0)
		if eachEntry(payload, n, func(e entry) error {
			out = appendEntry(out, e)
			entries++
			return nil
		}) != nil {
			return
		}
		if entries != n || !bytes.HasPrefix(payload, out) {
			t.Fatalf("%x was read as %x", payload, out)
		}
	})
}

// FuzzTxnIndex: an index that is accepted is in order and written back as it was.
func FuzzTxnIndex(f *testing.F) {
	f.Add(encodeAborted([]aborted{{1, 2, 3, 4}, {1, 4, 7, 9}}), int64(0), int64(10))
	f.Fuzz(func(t *testing.T, in []byte, base, next int64) {
		list, ok := decodeAborted(in, base, next)
		if !ok {
			return
		}
		if !bytes.Equal(encodeAborted(list), in) {
			t.Fatalf("%x was read as %v", in, list)
		}
		got := overlapping([][]aborted{list}, base, next)
		if len(got) > len(list) || !slices.IsSortedFunc(got, func(a, b AbortedTxn) int { return cmp.Compare(a.FirstOffset, b.FirstOffset) }) {
			t.Fatalf("%v gives %v", list, got)
		}
	})
}
