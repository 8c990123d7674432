package source

import (
	"encoding/json"
	"time"
)

// A position is how far a table or query was read. Its form in the offset topic is that of the JDBC source.
type position struct {
	micros int64 // of the timestamp column, since 1970
	id     int64 // of the incrementing column
	hasTS  bool
	hasID  bool
}

const (
	offsetTimestamp    = "timestamp"
	offsetNanos        = "timestamp_nanos"
	offsetIncrementing = "incrementing"
)

// offset returns the stored form, nil for no position: milliseconds since the epoch, and the nanoseconds of the second, which hold the milliseconds again.
func (p position) offset() map[string]any {
	if !p.hasTS && !p.hasID {
		return nil
	}
	m := make(map[string]any, 3)
	if p.hasTS {
		t := time.UnixMicro(p.micros)
		m[offsetTimestamp], m[offsetNanos] = t.UnixMilli(), int64(t.Nanosecond())
	}
	if p.hasID {
		m[offsetIncrementing] = p.id
	}
	return m
}

// parseOffset reads a stored offset; numbers may have passed through JSON.
func parseOffset(m map[string]any) position {
	var p position
	if ms, ok := integer(m[offsetTimestamp]); ok {
		p.micros, p.hasTS = ms*1000, true
		if nanos, ok := integer(m[offsetNanos]); ok {
			p.micros = time.UnixMilli(ms).Unix()*1_000_000 + nanos/1000
		}
	}
	p.id, p.hasID = integer(m[offsetIncrementing])
	return p
}

func integer(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case int:
		return int64(n), true
	case int32:
		return int64(n), true
	case float64:
		return int64(n), true
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	}
	return 0, false
}

// A tracker turns the keys of rows, in query order, into the position that may be stored behind them. In timestamp mode a time is
// complete only when a later one, or the end of the result, has been seen: rows with equal times must not be split by a restart.
type tracker struct {
	byTime, byID bool
	last         position // of the row seen last
	safe         position // what may be stored once every row so far is in its topic
}

func (t *tracker) row(p position) {
	if t.byTime && !t.byID {
		if t.last.hasTS && t.last.micros != p.micros {
			t.safe = t.last
		}
		t.last = p
		return
	}
	t.last, t.safe = p, p
}

// next says which row follows the batch that is about to be handed on.
func (t *tracker) next(p position) {
	if t.byTime && !t.byID && t.last.hasTS && p.micros != t.last.micros {
		t.safe = t.last
	}
}

// end says that the result has no more rows.
func (t *tracker) end() {
	if t.last.hasTS || t.last.hasID {
		t.safe = t.last
	}
}
