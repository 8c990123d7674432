package commitlog

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// A rewritten run of segments is called <base>-<end>.cleaned while it is written
// and .swap once it is complete and flushed. From then on it replaces the
// segments whose base is in [base, end), whatever else a crash leaves of them.
func swapName(base, end int64, suffix string) string {
	return fmt.Sprintf("%020d-%020d%s", base, end, suffix)
}

// rewrite replaces a run of segments by one that holds what filter keeps.
func (c *compaction) rewrite(segs []*segment) error {
	l, base, end := c.log, segs[0].base, segs[len(segs)-1].next
	tmp := l.dir + "/" + swapName(base, end, ".cleaned")
	f, err := l.fs.Create(tmp)
	if err != nil {
		return err
	}
	fresh := newSegment(l.fs, l.dir, base)
	err = f.Truncate(0)
	for _, s := range segs {
		if err != nil {
			break
		}
		_, err = s.scanHeaders(0, s.size, func(h wireproto.Batch, pos, n int64) error {
			payload, b, err := c.open(s, pos, n)
			if err != nil {
				return err
			}
			out, err := c.filter(b, payload)
			if err != nil {
				return err
			}
			c.removed += n - int64(len(out))
			if out == nil {
				return nil
			}
			if e, ok := c.abortedBy(out); ok {
				fresh.aborted = append(fresh.aborted, e)
			}
			if _, err := f.WriteAt(out, fresh.size); err != nil {
				return err
			}
			fresh.note(out.LastOffset(), out.MaxTimestamp(), out.BaseTimestamp(), int64(len(out)), c.cfg.IndexIntervalBytes)
			return nil
		})
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return errors.Join(err, l.fs.Remove(tmp)) // a full disk needs the space back
	}
	fresh.next = end
	fresh.finishIndex()
	return l.swapIn(fresh, segs, end)
}

// swapIn puts a rewritten segment in the place of the old ones.
func (l *Log) swapIn(fresh *segment, old []*segment, end int64) error {
	cleaned, swap := l.dir+"/"+swapName(fresh.base, end, ".cleaned"), l.dir+"/"+swapName(fresh.base, end, ".swap")
	if err := l.fs.Rename(cleaned, swap); err != nil {
		return err
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		return err
	}
	// Readers find the new segment at once and wait until its file is in place.
	fresh.fmu.Lock()
	l.mu.Lock()
	i := slices.Index(l.segs, old[0])
	if l.deleted || i < 0 {
		l.mu.Unlock()
		fresh.fmu.Unlock()
		return ErrDeleted
	}
	l.segs = slices.Replace(slices.Clone(l.segs), i, i+len(old), fresh)
	l.mu.Unlock()
	err := func() error {
		defer fresh.fmu.Unlock()
		for _, s := range old {
			s.dirty.Store(false)
			if err := s.closeFile(true); err != nil {
				return err
			}
		}
		return l.replaceFiles(fresh.base, end, swap)
	}()
	if err != nil {
		return err
	}
	// No checkpoint covers these files: they appear whole or not at all.
	offsets, times := fresh.idx.encode()
	name := segmentName(fresh.base)
	for _, f := range []struct {
		name string
		data []byte
	}{{name + ".index", offsets}, {name + ".timeindex", times}, {name + ".txnindex", encodeAborted(fresh.aborted)}} {
		if err := vfs.WriteFile(l.fs, l.dir, f.name, f.data); err != nil {
			return err // the index stays in memory; the next start builds it
		}
	}
	l.mu.Lock()
	fresh.idx = nil
	l.mu.Unlock()
	return nil
}

// abortedBy returns the index entry of an abort marker that stays: as long as the
// marker is in the log, its entry may be, and never longer.
func (c *compaction) abortedBy(b wireproto.Batch) (aborted, bool) {
	if !b.Control() {
		return aborted{}, false
	}
	list := c.aborted[b.ProducerID()]
	i := sort.Search(len(list), func(i int) bool { return list[i].last >= b.BaseOffset() })
	if i < len(list) && list[i].last == b.BaseOffset() {
		return list[i], true
	}
	return aborted{}, false
}

// replaceFiles removes the files of the segments with base in [base, end) and
// moves swap to the name of the first. Index files go first: one must never
// describe another file than its own.
func (l *Log) replaceFiles(base, end int64, swap string) error {
	names, err := l.fs.ReadDir(l.dir)
	if err != nil {
		return err
	}
	for _, suffix := range []string{".index", ".timeindex", ".txnindex", producersSuffix, ".log"} {
		for _, n := range names {
			b, ok := parseSegmentName(n, suffix)
			keep := b == base && (suffix == ".log" || suffix == producersSuffix)
			if !ok || b < base || b >= end || keep {
				continue
			}
			if err := l.fs.Remove(l.dir + "/" + n); err != nil {
				return err
			}
		}
	}
	if err := l.fs.Rename(swap, l.dir+"/"+segmentName(base)+".log"); err != nil {
		return err
	}
	return l.fs.SyncDir(l.dir)
}

// finishSwaps completes or undoes what a crash interrupted and returns the names
// in the directory after that.
func (l *Log) finishSwaps() ([]string, error) {
	names, err := l.fs.ReadDir(l.dir)
	if err != nil {
		return nil, err
	}
	changed := false
	for _, n := range names {
		path := l.dir + "/" + n
		switch {
		case strings.HasSuffix(n, ".cleaned"), strings.HasSuffix(n, ".tmp"):
			err = l.fs.Remove(path)
		case strings.HasSuffix(n, ".swap"):
			from, to, _ := strings.Cut(n, "-")
			base, ok1 := parseSegmentName(from, "")
			end, ok2 := parseSegmentName(to, ".swap")
			if !ok1 || !ok2 || end <= base {
				return nil, &CorruptError{File: path, Detail: "not a name that compaction gives"}
			}
			err = l.replaceFiles(base, end, path)
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		changed = true
	}
	if !changed {
		return names, nil
	}
	return l.fs.ReadDir(l.dir)
}
