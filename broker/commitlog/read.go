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
	LastStable    int64
	LogStart      int64
	// Aborted are the aborted transactions with records between the offset asked
	// for and the end of Records, by first offset. Only ReadCommitted fills it.
	Aborted []AbortedTxn

	buf *wireproto.Buffer
	end int64 // offset after the last batch
}

// Release gives the memory of Records back.
func (r *ReadResult) Release() {
	r.buf.Release()
	r.buf, r.Records = nil, nil
}

// view is a consistent picture of where to read.
type view struct {
	seg     *segment
	idx     *index // a copy of the active segment's slices, nil when sealed
	size    int64  // readable bytes of seg
	hw      int64
	stable  int64
	limit   logPos // where reading ends: the high watermark or the last stable offset
	log     int64
	last    bool // no later segment is readable
	next    int64
	aborted [][]aborted // of seg and those after it, when asked for
}

func (l *Log) locate(offset int64, committed bool) (view, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	stable := l.stable()
	v := view{hw: l.hw.offset, stable: stable.offset, limit: l.hw, log: l.logStart}
	if committed {
		v.limit = stable
	}
	if l.deleted {
		return v, ErrDeleted
	}
	if offset < l.logStart || offset > l.next {
		return v, fmt.Errorf("%w: %d is not within %d and %d", ErrOffsetOutOfRange, offset, l.logStart, l.next)
	}
	i := max(sort.Search(len(l.segs), func(i int) bool { return l.segs[i].base > offset })-1, 0)
	v.seg = l.segs[i]
	v.size = v.seg.size
	if v.seg.base == v.limit.segBase {
		v.size = v.limit.pos
	}
	v.last = i+1 == len(l.segs) || v.seg.base >= v.limit.segBase
	if !v.last {
		v.next = l.segs[i+1].base
	}
	if v.seg.idx != nil {
		v.idx = &index{offsets: v.seg.idx.offsets, times: v.seg.idx.times}
	}
	if committed {
		// Taken with the segment: compaction drops records and entries together.
		for _, s := range l.segs[i:] {
			if len(s.aborted) > 0 {
				v.aborted = append(v.aborted, s.aborted)
			}
		}
	}
	return v, nil
}

// Read returns visible batches from the one that holds offset on, at most
// maxBytes of them; the first batch is returned whatever its size when atLeastOne
// is set. An offset at the high watermark gives an empty result.
func (l *Log) Read(offset int64, maxBytes int, atLeastOne bool) (ReadResult, error) {
	return l.readTo(offset, maxBytes, atLeastOne, false)
}

// ReadCommitted is Read for a read_committed consumer: it ends at the last stable
// offset and tells which transactions in the result were aborted.
func (l *Log) ReadCommitted(offset int64, maxBytes int, atLeastOne bool) (ReadResult, error) {
	return l.readTo(offset, maxBytes, atLeastOne, true)
}

func (l *Log) readTo(offset int64, maxBytes int, atLeastOne, committed bool) (ReadResult, error) {
	for at := offset; ; {
		v, err := l.locate(at, committed)
		res := ReadResult{HighWatermark: v.hw, LastStable: v.stable, LogStart: v.log}
		if err != nil || offset >= v.limit.offset {
			return res, err
		}
		err = v.read(&res, offset, maxBytes, atLeastOne)
		switch {
		case errors.Is(err, errGone):
			continue // replaced under our feet, look again
		case err != nil:
			return res, fmt.Errorf("%w: %w", ErrStorage, err)
		case res.Records != nil:
			if len(v.aborted) > 0 {
				res.Aborted = overlapping(v.aborted, offset, res.end)
			}
			return res, nil
		case v.last || maxBytes <= 0 && !atLeastOne:
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
		res.end = wireproto.Batch(b[end:]).LastOffset() + 1
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
