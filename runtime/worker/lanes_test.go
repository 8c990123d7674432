package worker

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/pipeline"
)

func testLanes(t *testing.T, free int32) (*lanes, *atomic.Int32) {
	t.Helper()
	c := newCores()
	c.free.Store(free)
	closed := &atomic.Int32{}
	l, err := newLanes(c, func() (*lane, error) {
		return &lane{chain: &pipeline.Chain{}, conv: &pipeline.Converters{Key: closing{closed}, Value: closing{closed}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, closed
}

// A closing converter counts how often it was closed, and converts nothing.
type closing struct{ closed *atomic.Int32 }

func (closing) Configure(connect.Props, bool) error { return nil }
func (closing) FromConnectData(dst []byte, _ string, _ *data.Schema, _ data.Value) ([]byte, bool, error) {
	return dst, true, nil
}
func (closing) ToConnectData(string, []byte) (*data.Schema, data.Value, error) {
	return nil, data.Null(), nil
}
func (c closing) Close() error {
	c.closed.Add(1)
	return nil
}

func TestLanesKeepOrder(t *testing.T) {
	for _, free := range []int32{0, 1, 3, 8} {
		for _, n := range []int{0, 1, chunk - 1, chunk, chunk + 1, 10*chunk + 7} {
			t.Run(fmt.Sprintf("%d cores, %d records", free, n), func(t *testing.T) {
				l, _ := testLanes(t, free)
				defer l.close()
				converted := make([]int, n)
				var handed []int
				err := l.each(n, func(ln *lane, from, to int) (int, error) {
					for i := from; i < to; i++ {
						converted[i] = i + 1
						if i%64 == 0 {
							runtime.Gosched()
						}
					}
					return to - from, nil
				}, func(from, to int) error {
					for i := from; i < to; i++ {
						handed = append(handed, converted[i]-1)
					}
					return nil
				})
				if err != nil || len(handed) != n || !slices.IsSorted(handed) {
					t.Errorf("%v, %d of %d handed on, sorted %v", err, len(handed), n, slices.IsSorted(handed))
				}
				if len(l.own) > maxLanes || l.cores.free.Load() != free {
					t.Errorf("%d lanes, %d cores free of %d", len(l.own), l.cores.free.Load(), free)
				}
			})
		}
	}
}

func TestAnErrorStopsTheBatchBehindWhatCameBefore(t *testing.T) {
	bad := errors.New("bad record")
	for _, free := range []int32{0, 3} {
		for _, at := range []int{0, 5, chunk, 3*chunk + 10, 8*chunk - 1} {
			l, closed := testLanes(t, free)
			handed := 0
			err := l.each(8*chunk, func(_ *lane, from, to int) (int, error) {
				for i := from; i < to; i++ {
					if i >= at {
						return i - from, fmt.Errorf("record %d: %w", i, bad)
					}
				}
				return to - from, nil
			}, func(_, to int) error { handed = to; return nil })
			if want := fmt.Sprintf("record %d: bad record", at); !errors.Is(err, bad) || err.Error() != want || handed != at {
				t.Errorf("%v behind %d records, want %s", err, handed, want)
			}
			stop := errors.New("the hand-over failed")
			if err := l.each(4*chunk, func(_ *lane, from, to int) (int, error) { return to - from, nil }, func(from, _ int) error {
				if from == chunk {
					return stop
				}
				return nil
			}); !errors.Is(err, stop) {
				t.Errorf("%v", err)
			}
			l.close()
			if got, want := closed.Load(), int32(2*len(l.own)); got != want {
				t.Errorf("%d converters closed of %d", got, want)
			}
		}
	}
}

func TestALaneMadeAfterTheEndIsClosed(t *testing.T) {
	l, closed := testLanes(t, 2)
	l.close()
	if err := l.grow(2); err != nil || closed.Load() != 4 {
		t.Errorf("%v, %d closed", err, closed.Load())
	}
}

func TestAFailedConfigurationClosesWhatWasMade(t *testing.T) {
	closed := &atomic.Int32{}
	reg := registry.New()
	if err := reg.Add(registry.Entry{Kind: registry.ConverterKind, Class: "Good", NewConverter: func() connect.Converter {
		return closing{closed}
	}}); err != nil {
		t.Fatal(err)
	}
	_, err := pipeline.NewConverters(reg, map[string]string{"key.converter": "Good", "value.converter": "Good", "header.converter": "Missing"}, nil)
	if err == nil || closed.Load() != 2 {
		t.Errorf("%v, %d closed", err, closed.Load())
	}
}
