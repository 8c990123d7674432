package commitlog

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// stalling is a file system whose journal cannot be flushed while the gate is
// shut.
type stalling struct {
	vfs.FS
	gate chan struct{}
}

func (s stalling) Create(name string) (vfs.File, error) {
	f, err := s.FS.Create(name)
	if err == nil && strings.HasPrefix(name, journalDir) {
		f = stalled{f, s.gate}
	}
	return f, err
}

type stalled struct {
	vfs.File
	gate chan struct{}
}

func (s stalled) Sync() error {
	<-s.gate
	return s.File.Sync()
}

// TestNothingIsVisibleBeforeItIsFlushed: on a device that stalls an append
// returns, which is what acks=1 waits for, but nobody sees it, and acks=all
// waits, until the stall ends.
func TestNothingIsVisibleBeforeItIsFlushed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{}, 1000)
		for range 10 {
			gate <- struct{}{} // for the start
		}
		s, err := Open(Options{FS: stalling{vfs.NewMem(), gate}, Durability: Fsync}, nil, 0, func() (int32, error) { return 1, nil })
		if err != nil {
			t.Fatal(err)
		}
		for len(gate) > 0 {
			<-gate
		}
		l := s.Create(Spec{ID: ID{Partition: 0}, Name: "t", Config: DefaultConfig()})
		res, err := l.Append(wireproto.NewBatch(1000, wireproto.Record{Value: []byte("v")}))
		if err != nil {
			t.Fatal(err)
		}
		short := make(chan struct{})
		time.AfterFunc(5*time.Second, func() { close(short) })
		if err := res.Wait(short); !errors.Is(err, ErrTimeout) {
			t.Errorf("acks=all on a stalled device: %v", err)
		}
		if got, err := l.Read(0, 1<<20, true); err != nil || len(got.Records) != 0 || l.HighWatermark() != 0 {
			t.Errorf("visible before the flush: %d bytes, high watermark %d, %v", len(got.Records), l.HighWatermark(), err)
		}
		close(gate)
		if err := res.Wait(nil); err != nil {
			t.Errorf("after the stall: %v", err)
		}
		got, err := l.Read(0, 1<<20, true)
		if err != nil || len(got.Records) == 0 || l.HighWatermark() != 1 {
			t.Errorf("after the stall: %d bytes, high watermark %d, %v", len(got.Records), l.HighWatermark(), err)
		}
		got.Release()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
