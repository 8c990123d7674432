package source

import (
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

const (
	batchBytes = 1 << 20 // a batch ends when its rows have this size
	batchRows  = 16384   // bounds the records' own memory when rows are tiny
)

// A batch is the memory of one result of Poll. Two of them alternate: one belongs to the worker, the other is being filled.
type batch struct {
	enc     *data.RowEncoder
	schema  *data.Schema
	rows    []data.EncodedStruct
	records []connect.SourceRecord
	safe    position // what may be stored behind the batch
}

// reset forgets the rows; the memory is kept as long as the schema stays.
func (b *batch) reset(s *data.Schema) {
	if b.schema != s {
		b.enc, b.schema = data.NewRowEncoder(s), s
	}
	b.enc.Reset()
	b.rows, b.records = b.rows[:0], b.records[:0]
}

// end finishes the row that was begun in b.enc and makes it a record.
func (b *batch) end(topic string) {
	if len(b.rows) == cap(b.rows) {
		// Values point at the elements, so a full slice is left to them and a larger one begun.
		b.rows = make([]data.EncodedStruct, 0, min(max(2*cap(b.rows), 256), batchRows))
	}
	b.rows = b.rows[:len(b.rows)+1]
	e := &b.rows[len(b.rows)-1]
	b.enc.End(e)
	b.records = append(b.records, connect.SourceRecord{Record: connect.Record{Topic: topic, ValueSchema: b.schema, Value: data.EncodedValue(e)}})
}

func (b *batch) full(maxRows int) bool {
	return len(b.records) >= maxRows || b.enc.Size() >= batchBytes
}

// mark sets partition and offset on the last record, which stand for the whole batch.
func (b *batch) mark(partition map[string]any) {
	if n := len(b.records); n > 0 {
		b.records[n-1].SourcePartition, b.records[n-1].SourceOffset = partition, b.safe.offset()
	}
}
