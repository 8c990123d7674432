package sink

import (
	"context"
	"errors"
	"fmt"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// An op is one record's operation.
type op struct {
	record int32
	remove bool
}

// A flush is what at most two statements write to one table: its deletes, then its writes.
type flush struct {
	write, remove *layout
	ops           []op
}

// recordError is what is wrong with one record, found before it was sent.
type recordError struct {
	record int
	err    error
}

func (e *recordError) Error() string { return e.err.Error() }

func (e *recordError) Unwrap() error { return e.err }

// grouper turns records into flushes. Order is kept inside a table; there is none between tables.
type grouper struct {
	mode      string
	batchSize int
	open      map[ident.Table]*flush
	out       []*flush
}

// add puts a record into its table's open flush, or begins another: when the batch is full, when a schema changes, and, where writes
// and deletes of one key cannot be collapsed, when one kind follows the other.
func (g *grouper) add(l *layout, record int, remove bool) {
	f := g.open[l.table]
	if f != nil && (g.batchSize > 0 && len(f.ops) >= g.batchSize || !f.takes(l, remove, g.mode == "upsert")) {
		f = nil
	}
	if f == nil {
		f = &flush{}
		g.open[l.table] = f
		g.out = append(g.out, f)
	}
	if remove {
		f.remove = l
	} else {
		f.write = l
	}
	f.ops = append(f.ops, op{int32(record), remove})
}

func (f *flush) takes(l *layout, remove, mixed bool) bool {
	same, other := f.write, f.remove
	if remove {
		same, other = other, same
	}
	return (same == nil || same == l) && (other == nil || mixed)
}

type layoutKey struct {
	topic      string
	key, value *data.Schema
	remove     bool
}

// maxLayouts bounds the cache against producers that make a schema for every batch.
const maxLayouts = 1000

// group divides the records from, up to but not including, to. Records that cannot be written at all are left out and returned.
func (t *Task) group(ctx context.Context, records []connect.SinkRecord, from, to int) (*grouper, []connect.RecordError, error) {
	g := &grouper{mode: t.settings.InsertMode, batchSize: t.settings.BatchSize, open: map[ident.Table]*flush{}}
	var bad []connect.RecordError
	var last layoutKey
	var layout *layout
	for i := from; i < to; i++ {
		r := &records[i]
		if t.settings.PKMode == "record_key" && r.Key.IsNull() {
			bad = append(bad, connect.RecordError{Index: i, Err: fmt.Errorf("%s: pk.mode=record_key, but the record has no key", where(r))})
			continue
		}
		k := layoutKey{r.Topic, r.KeySchema, r.ValueSchema, r.Value.IsNull()}
		if layout == nil || k != last {
			var err error
			if layout, err = t.layoutFor(ctx, k); err != nil {
				if _, ok := errors.AsType[*recordError](err); !ok {
					return nil, nil, fmt.Errorf("%s: %w", where(r), err)
				}
				bad = append(bad, connect.RecordError{Index: i, Err: fmt.Errorf("%s: %w", where(r), err)})
				layout = nil
				continue
			}
			last = k
		}
		g.add(layout, i, k.remove)
	}
	return g, bad, nil
}

func where(r *connect.SinkRecord) string {
	topic := r.OriginalTopic
	if topic == "" {
		topic = r.Topic
	}
	return fmt.Sprintf("record %s-%d@%d", topic, r.OriginalPartition, r.Offset)
}

// layoutFor finds or compiles the layout of a kind of records, and makes the table fit.
func (t *Task) layoutFor(ctx context.Context, k layoutKey) (*layout, error) {
	if l, ok := t.layouts[k]; ok {
		return l, nil
	}
	value := k.value
	switch {
	case k.remove && !t.settings.Delete:
		return nil, &recordError{err: errors.New("the value is null, which is a delete, and delete.enabled is false: set delete.enabled=true with pk.mode=record_key, or drop tombstones with a transformation")}
	case k.remove:
		value = nil
	case value == nil:
		return nil, &recordError{err: errors.New("the value has no schema, so its columns are not known: use a converter with schemas (Avro, Protobuf, JSON Schema, or JSON with schemas.enable=true)")}
	case value.Type() != data.StructType && value.Type() != data.String:
		return nil, &recordError{err: fmt.Errorf("the value is a %s, not a struct", value.Type())}
	}
	if k.remove && k.key == nil {
		return nil, &recordError{err: errors.New("a delete needs a key with a schema")}
	}
	table, err := t.settings.tableFor(k.topic, t.dialer.Database())
	if err != nil {
		return nil, err
	}
	l, err := t.settings.newLayout(table, k.key, value)
	if err != nil {
		return nil, err
	}
	if err := t.fit(ctx, l, value); err != nil {
		return nil, err
	}
	if len(t.layouts) >= maxLayouts {
		clear(t.layouts)
	}
	t.layouts[k] = l
	return l, nil
}
