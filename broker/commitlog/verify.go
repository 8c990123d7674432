package commitlog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// Damage is something in a segment that no crash leaves behind.
type Damage struct {
	File     string `json:"file"`
	Position int64  `json:"position"`
	Offset   int64  `json:"offset"` // from which on; -1 if not known
	Problem  string `json:"problem"`
}

// Verified is what Verify has read.
type Verified struct {
	Partitions int   `json:"partitions"`
	Segments   int   `json:"segments"`
	Batches    int64 `json:"batches"`
	Bytes      int64 `json:"bytes"`
}

// Verify reads every segment of a store that is not open and checks each batch:
// its checksum, and that offsets go up. Damage is given to found; after it the
// rest of that segment is not looked at. An incomplete batch at the end of a
// partition's last segment is what kill -9 leaves, and no damage. Done is told
// the bytes that were read so far.
func Verify(fsys vfs.FS, found func(Damage), done func(bytes int64)) (Verified, error) {
	var v Verified
	entries, err := fsys.ReadDir(".")
	if err != nil {
		return v, err
	}
	for _, dir := range entries {
		if !isPartition(dir) {
			continue
		}
		files, err := fsys.ReadDir(dir)
		if err != nil {
			return v, fmt.Errorf("%s: %w", dir, err)
		}
		files = slices.DeleteFunc(files, func(f string) bool { return !strings.HasSuffix(f, ".log") })
		v.Partitions++
		next := int64(0)
		for i, name := range files {
			v.Segments++
			c := check{v: &v, file: dir + "/" + name, next: next, last: i+1 == len(files), found: found, done: done}
			if err := c.segment(fsys); err != nil {
				return v, fmt.Errorf("%s: %w", c.file, err)
			}
			next = c.next
		}
	}
	return v, nil
}

// isPartition recognises topic-<partition> directories.
func isPartition(dir string) bool {
	at := strings.LastIndexByte(dir, '-')
	if at <= 0 {
		return false
	}
	_, err := strconv.ParseInt(dir[at+1:], 10, 32)
	return err == nil
}

// check is Verify at one segment.
type check struct {
	v     *Verified
	file  string
	next  int64 // the least offset that may come
	last  bool  // segment of its partition
	found func(Damage)
	done  func(int64)
}

func (c *check) segment(fsys vfs.FS) error {
	f, err := fsys.Open(c.file)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return err
	}
	base := strings.TrimSuffix(c.file[strings.LastIndexByte(c.file, '/')+1:], ".log")
	if n, err := strconv.ParseInt(base, 10, 64); err != nil || n < c.next {
		c.found(Damage{c.file, 0, -1, fmt.Sprintf("the name is not an offset from %d on", c.next)})
		return nil
	}
	var head [wireproto.HeaderSize]byte
	var buf []byte
	for pos := int64(0); pos < size; {
		n := 0
		if size-pos >= wireproto.HeaderSize {
			if _, err := f.ReadAt(head[:], pos); err != nil {
				return err
			}
			n, err = wireproto.PeekLength(head[:])
		}
		if n == 0 || err != nil || int64(n) > size-pos {
			if !c.last {
				c.found(Damage{c.file, pos, c.next, "no whole batch here"})
			}
			return nil
		}
		buf = slices.Grow(buf[:0], n)[:n]
		if _, err := f.ReadAt(buf, pos); err != nil {
			return err
		}
		batch := wireproto.Batch(buf)
		switch {
		case batch.CheckCRC() != nil:
			c.found(Damage{c.file, pos, batch.BaseOffset(), "the checksum is wrong"})
			return nil
		case batch.BaseOffset() < c.next || batch.LastOffset() < batch.BaseOffset():
			c.found(Damage{c.file, pos, batch.BaseOffset(), fmt.Sprintf("offset %d comes after %d", batch.BaseOffset(), c.next-1)})
			return nil
		}
		c.next = batch.LastOffset() + 1
		pos += int64(n)
		c.v.Batches++
		c.v.Bytes += int64(n)
		c.done(c.v.Bytes)
	}
	return nil
}
