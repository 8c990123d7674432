package commitlog

import (
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// ReadResult is a run of whole batches. The caller calls Release when it is
// done with Records.
type ReadResult struct {
	Records       []byte
	HighWatermark int64
	LogStart      int64

	buf *wireproto.Buffer
}

// Release gives the memory of Records back.
func (r *ReadResult) Release() {
	r.buf.Release()
	r.buf, r.Records = nil, nil
}

// view is a consistent picture of where to read.
type view struct {
	seg  *segment
	idx  *index // a copy of the active segment's slices, nil when sealed
	size int64  // visible bytes of seg
	hw   logPos
	log  int64
	last bool // no later segment is visible
	next int64
}

func (l *Log) locate(offset int64) (view, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	v := view{hw: l.hw, log: l.logStart}
	if l.deleted {
		return v, ErrDeleted
	}
	if offset < l.logStart || offset > l.next {
		return v, fmt.Errorf("%w: %d is not within %d and %d", ErrOffsetOutOfRange, offset, l.logStart, l.next)
	}
	i := max(sort.Search(len(l.segs), func(i int) bool { return l.segs[i].base > offset })-1, 0)
	v.seg = l.segs[i]
	v.size = v.seg.size
	if v.seg.base == l.hw.segBase {
		v.size = l.hw.pos
	}
	v.last = i+1 == len(l.segs) || v.seg.base >= l.hw.segBase
	if !v.last {
		v.next = l.segs[i+1].base
	}
	if v.seg.idx != nil {
		v.idx = &index{offsets: v.seg.idx.offsets, times: v.seg.idx.times}
	}
	return v, nil
}

// Read returns visible batches from the one that holds offset on, at most
// maxBytes of them; the first batch is returned whatever its size when atLeastOne
// is set. An offset at the high watermark gives an empty result.
func (l *Log) Read(offset int64, maxBytes int, atLeastOne bool) (ReadResult, error) {
	for at := offset; ; {
		v, err := l.locate(at)
		res := ReadResult{HighWatermark: v.hw.offset, LogStart: v.log}
		if err != nil || offset >= v.hw.offset {
			return res, err
		}
		err = v.read(&res, offset, maxBytes, atLeastOne)
		switch {
		case errors.Is(err, errGone):
			continue // replaced under our feet, look again
		case err != nil:
			return res, fmt.Errorf("%w: %w", ErrStorage, err)
		case res.Records != nil || v.last || maxBytes <= 0 && !atLeastOne:
			return res, nil
		case res.buf != nil:
			return res, nil // there is a batch, it does not fit
		}
		at = v.next // compaction left a hole at the end of the segment
	}
}

func (v *view) read(res *ReadResult, offset int64, maxBytes int, atLeastOne bool) error {
	pos := v.seg.position(v.idx, offset, v.size)
	// Find the batch that holds the offset.
	var h [wireproto.HeaderSize]byte
	var first int64
	for {
		if pos+wireproto.HeaderSize > v.size {
			return nil
		}
		if n, err := v.seg.readAt(h[:], pos); err != nil || n < len(h) {
			return short(err)
		}
		n, err := wireproto.PeekLength(h[:])
		if err != nil {
			return err
		}
		if wireproto.Batch(h[:]).LastOffset() >= offset {
			first = int64(n)
			break
		}
		pos += int64(n)
	}
	want := min(int64(maxBytes), v.size-pos)
	if first > want {
		if !atLeastOne {
			res.buf = &wireproto.Buffer{}
			return nil
		}
		want = min(first, v.size-pos)
	}
	buf := wireproto.GetBuffer(int(want))
	n, err := v.seg.readAt(buf.B, pos)
	if err != nil || int64(n) < first {
		buf.Release()
		return short(err)
	}
	b, end := buf.B[:n], 0
	for {
		size, err := wireproto.PeekLength(b[end:])
		if err != nil || end+size > len(b) {
			break
		}
		end += size
	}
	res.buf, res.Records = buf, b[:end:end]
	return nil
}

func short(err error) error {
	if err == nil {
		return io.ErrUnexpectedEOF
	}
	return err
}
