package commitlog

import (
	"fmt"
	"testing"

	"github.com/kurier-io/kurier/broker/vfs"
)

func diskStore(b *testing.B, d Durability, partitions int) (*Store, []Spec) {
	b.Helper()
	disk, err := vfs.NewDisk(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	cfgs := make([]Config, partitions)
	for i := range cfgs {
		cfgs[i] = DefaultConfig()
	}
	parts := specs(cfgs...)
	s := mustOpen(b, Options{FS: disk, Durability: d}, parts, &epochCounter{})
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s, parts
}

// BenchmarkAppend is the cost of an append without waiting for the device.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1 << 10, 16 << 10, 512 << 10} {
		for _, d := range []Durability{Fsync, OS} {
			b.Run(fmt.Sprintf("%s/%dKiB", d, size>>10), func(b *testing.B) {
				s, parts := diskStore(b, d, 1)
				l := s.Log(parts[0].ID)
				batch := batchOf(nil, make([]byte, size))
				b.SetBytes(int64(len(batch)))
				b.ReportAllocs()
				var last AppendResult
				for b.Loop() {
					var err error
					if last, err = l.Append(batch); err != nil {
						b.Fatal(err)
					}
				}
				if err := last.Wait(nil); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// BenchmarkCommit is one durable append to each of many partitions.
func BenchmarkCommit(b *testing.B) {
	for _, n := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("%dpartitions", n), func(b *testing.B) {
			s, parts := diskStore(b, Fsync, n)
			batch := batchOf(nil, make([]byte, 1024))
			b.ReportAllocs()
			for b.Loop() {
				var waits []AppendResult
				for _, p := range parts {
					res, err := s.Log(p.ID).Append(batch)
					if err != nil {
						b.Fatal(err)
					}
					waits = append(waits, res)
				}
				for _, w := range waits {
					if err := w.Wait(nil); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkRead reads a log from start to end in 1 MiB pieces.
func BenchmarkRead(b *testing.B) {
	s, parts := diskStore(b, OS, 1)
	l := s.Log(parts[0].ID)
	batch := batchOf(nil, make([]byte, 16<<10))
	for range 4096 {
		if _, err := l.Append(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	at := int64(0)
	for b.Loop() {
		res, err := l.Read(at%4000, 1<<20, true)
		if err != nil {
			b.Fatal(err)
		}
		at += 63
		res.Release()
	}
}

// BenchmarkPipeline is the durable rate with 40 appends in flight, over the batch
// sizes and partition counts between which Options.BypassBytes decides.
func BenchmarkPipeline(b *testing.B) {
	for _, partitions := range []int{1, 8} {
		for _, size := range []int{16 << 10, 64 << 10, 250 << 10} {
			b.Run(fmt.Sprintf("%dpartitions/%dKiB", partitions, size>>10), func(b *testing.B) {
				s, parts := diskStore(b, Fsync, partitions)
				batch := batchOf(nil, make([]byte, size))
				b.SetBytes(int64(len(batch)))
				b.ReportAllocs()
				var waiting []AppendResult
				for i := 0; b.Loop(); i++ {
					res, err := s.Log(parts[i%partitions].ID).Append(batch)
					if err != nil {
						b.Fatal(err)
					}
					if waiting = append(waiting, res); len(waiting) > 40 {
						if err := waiting[0].Wait(nil); err != nil {
							b.Fatal(err)
						}
						waiting = waiting[1:]
					}
				}
				for _, w := range waiting {
					if err := w.Wait(nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
