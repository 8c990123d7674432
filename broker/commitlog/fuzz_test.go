package commitlog

import (
	"errors"
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
