package metadata

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/broker/vfs"
)

func mustOpen(t testing.TB, fs vfs.FS) *Store {
	t.Helper()
	s, err := Open(fs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestEveryChangeSurvivesACrash: what a method returned is there after the power
// went, and ids are never given out twice.
func TestEveryChangeSurvivesACrash(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	fs := vfs.NewMem()
	cluster := ""
	lastPID, lastEpoch := int64(-1), int32(0)
	want := map[string]*Topic{}
	for gen := range 20 {
		s := mustOpen(t, fs)
		if cluster == "" {
			cluster = s.ClusterID()
		}
		got := map[string]*Topic{}
		for _, topic := range s.Topics() {
			got[topic.Name] = topic
		}
		if diff := cmp.Diff(want, got); diff != "" || s.ClusterID() != cluster {
			t.Fatalf("generation %d: cluster %s, %s", gen, s.ClusterID(), diff)
		}
		for i := range 30 {
			name := fmt.Sprintf("topic-%d", rng.IntN(10))
			var err error
			switch topic := s.Topic(name); {
			case topic == nil:
				want[name], err = s.Create(name, 1+rng.Int32N(4), map[string]string{"retention.ms": fmt.Sprint(i)})
			case rng.IntN(2) == 0:
				delete(want, name)
				err = s.Delete(topic.ID)
			default:
				want[name], err = s.Update(topic.ID, func(t *Topic) error {
					t.Partitions++
					return nil
				})
			}
			if err != nil {
				t.Fatal(err)
			}
			if pid, err := s.ProducerID(); err != nil || pid <= lastPID {
				t.Fatalf("producer id %d after %d, %v", pid, lastPID, err)
			} else {
				lastPID = pid
			}
		}
		epoch, err := s.NextEpoch()
		if err != nil || epoch <= lastEpoch {
			t.Fatalf("epoch %d after %d, %v", epoch, lastEpoch, err)
		}
		lastEpoch = epoch
		if gen == 10 {
			if err := s.rewrite(); err != nil {
				t.Fatal(err)
			}
		}
		fs = fs.Crash(rng)
	}
}

func TestNames(t *testing.T) {
	s := mustOpen(t, vfs.NewMem())
	if _, err := s.Create("a.b", 1, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", ".", "..", "a/b", "a b", "ä", "a_b", string(make([]byte, 250))} {
		if err := s.CheckName(name); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := s.Create("a.b", 1, nil); !errors.Is(err, ErrExists) {
		t.Errorf("second create: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	b, err := appendFrame(nil, command{ClusterID: "c", NextPID: 5, Topic: &Topic{Name: "t", Partitions: 1}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(append(b, b[:10]...))
	f.Fuzz(func(t *testing.T, in []byte) {
		fs := vfs.NewMem()
		if err := fs.MkdirAll(dir); err != nil {
			t.Fatal(err)
		}
		file, err := fs.Create(dir + "/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(in, 0); err != nil {
			t.Fatal(err)
		}
		s, err := Open(fs)
		if err != nil {
			if !strings.Contains(err.Error(), "damaged") {
				t.Fatal(err)
			}
			return
		}
		if _, err := s.Create("fuzz-new", 1, nil); err != nil && !errors.Is(err, ErrExists) {
			t.Fatal(err)
		}
	})
}

func TestDamageInTheMiddleIsReported(t *testing.T) {
	fs := vfs.NewMem()
	s := mustOpen(t, fs)
	for i := range 3 {
		if _, err := s.Create(fmt.Sprintf("t%d", i), 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	f, err := fs.Open(dir + "/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{0xff}, 20); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(fs); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("open of a damaged log: %v", err)
	}
}
