package sink

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// A row is a record with its structs at hand.
type row struct {
	record     *connect.SinkRecord
	index      int
	key, value *data.Struct
}

// A batcher encodes flushes. Its memory is reused; it serves one goroutine.
type batcher struct {
	settings *Settings
	collapse collapser
	rows     []row
	params   [][]byte
}

// An executor runs one statement over array parameters, which it must have copied when it returns.
type executor func(sql string, params [][]byte) error

// run encodes a flush and hands its statements to the executor: deletes first, then writes, so that a key which was deleted and written
// again is a new row.
func (b *batcher) run(f *flush, records []connect.SinkRecord, exec executor) error {
	if b.settings.InsertMode == "insert" {
		b.rows = b.rows[:0]
		for _, o := range f.ops {
			b.rows = append(b.rows, newRow(records, o.record))
		}
		if f.remove != nil {
			return b.exec(f.remove, f.remove.keys, f.remove.remove, exec)
		}
		return b.exec(f.write, len(f.write.columns), f.write.write, exec)
	}
	if err := b.distinct(f, records); err != nil {
		return err
	}
	if f.remove != nil {
		b.rows = b.rows[:0]
		for i := range b.collapse.slots {
			if r := b.collapse.slots[i].deleted; r >= 0 {
				b.rows = append(b.rows, newRow(records, r))
			}
		}
		if err := b.exec(f.remove, f.remove.keys, f.remove.remove, exec); err != nil {
			return err
		}
	}
	if f.write == nil || f.write.write == "" {
		return nil
	}
	b.rows = b.rows[:0]
	for i := range b.collapse.slots {
		if r := b.collapse.slots[i].last; r >= 0 {
			b.rows = append(b.rows, newRow(records, r))
		}
	}
	return b.exec(f.write, len(f.write.columns), f.write.write, exec)
}

func newRow(records []connect.SinkRecord, i int32) row {
	r := &records[i]
	return row{r, int(i), r.Key.Struct(), r.Value.Struct()}
}

// distinct fills the collapser with the flush's keys.
func (b *batcher) distinct(f *flush, records []connect.SinkRecord) error {
	c := &b.collapse
	c.reset(len(f.ops))
	for _, o := range f.ops {
		l := f.write
		if o.remove {
			l = f.remove
		}
		r := newRow(records, o.record)
		start := len(c.keys)
		for i := range l.keys {
			var err error
			if c.keys, _, err = b.cell(c.keys, &l.columns[i], &r); err != nil {
				return &recordError{r.index, err}
			}
		}
		c.add(start, o.record, o.remove)
	}
	c.sort()
	return nil
}

// exec encodes the first n columns of the rows and runs the statement.
func (b *batcher) exec(l *layout, n int, sql string, exec executor) error {
	if len(b.rows) == 0 {
		return nil
	}
	for len(b.params) < n {
		b.params = append(b.params, nil)
	}
	for i := range n {
		var err error
		if b.params[i], err = b.array(b.params[i][:0], &l.columns[i]); err != nil {
			return err
		}
	}
	return exec(sql, b.params[:n])
}

// array writes the wire form of an array (array_send): dimensions, null flag, element type, length, lower bound, elements.
func (b *batcher) array(dst []byte, c *column) ([]byte, error) {
	be := binary.BigEndian
	dst = be.AppendUint32(dst, 1)
	dst = be.AppendUint32(dst, 0)
	dst = be.AppendUint32(dst, c.bind.oid)
	dst = be.AppendUint32(dst, uint32(len(b.rows)))
	dst = be.AppendUint32(dst, 1)
	nulls := false
	for i := range b.rows {
		var null bool
		var err error
		if dst, null, err = b.cell(dst, c, &b.rows[i]); err != nil {
			return dst, &recordError{b.rows[i].index, err}
		}
		nulls = nulls || null
	}
	if nulls {
		be.PutUint32(dst[4:], 1)
	}
	return dst, nil
}

// cell writes one element behind its length, -1 for null.
func (b *batcher) cell(dst []byte, c *column, r *row) (out []byte, null bool, err error) {
	v := b.value(c, r)
	if v.IsNull() {
		return binary.BigEndian.AppendUint32(dst, math.MaxUint32), true, nil
	}
	if v.Kind() != c.bind.kind {
		return dst, false, fmt.Errorf("field %q holds a %s where its schema says %s", c.name, v.Kind().JavaClass(), c.schema)
	}
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	if dst, err = c.bind.append(dst, v); err != nil {
		return dst, false, fmt.Errorf("field %q: %w", c.name, err)
	}
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst, false, nil
}

func (b *batcher) value(c *column, r *row) data.Value {
	switch c.from {
	case fromValueField:
		return b.field(r.value, c.field)
	case fromKeyField:
		return b.field(r.key, c.field)
	case fromKey:
		return r.record.Key
	case fromValue:
		return r.record.Value
	case fromTopic:
		return data.StringValue(r.record.Topic)
	case fromPartition:
		if r.record.Partition.Set {
			return data.Int32Value(r.record.Partition.V)
		}
		return data.Int32Value(r.record.OriginalPartition)
	default:
		return data.Int64Value(r.record.Offset)
	}
}

func (b *batcher) field(s *data.Struct, i int) data.Value {
	if s == nil {
		return data.Null()
	}
	if b.settings.NullDefault {
		return s.AtWithDefault(i)
	}
	return s.At(i)
}
