package source

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/big"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kurier-io/kurier/connectors/postgres/pgtype"
	"github.com/kurier-io/kurier/connectors/postgres/session"
)

// A cursor reads the result of one SELECT, batch by batch, while the server sends it. It lives in a transaction, so that the statement
// is described and run against the same table.
type cursor struct {
	conn    *pgconn.PgConn
	rr      *pgconn.ResultReader
	plan    *pgtype.Plan
	topic   string
	maxRows int
	keys    keyReader
	track   tracker
	pending bool // a row was read ahead, to see whether the position before it is complete
	done    bool
}

// fill reads the next batch; more is false after the last.
func (c *cursor) fill(ctx context.Context, b *batch) (more bool, err error) {
	b.reset(c.plan.Schema)
	for !b.full(c.maxRows) {
		if !c.pending && !c.rr.NextRow() {
			return false, c.finish(ctx, b)
		}
		c.pending = false
		values := c.rr.Values()
		b.enc.Begin()
		if err := c.plan.Append(b.enc, values); err != nil {
			return false, err
		}
		b.end(c.topic)
		if c.keys.any() {
			p, err := c.keys.read(values)
			if err != nil {
				return false, err
			}
			c.track.row(p)
		}
	}
	if !c.rr.NextRow() {
		return false, c.finish(ctx, b)
	}
	c.pending = true
	if c.keys.any() {
		p, err := c.keys.read(c.rr.Values())
		if err != nil {
			return false, err
		}
		c.track.next(p)
	}
	b.safe = c.track.safe
	return true, nil
}

func (c *cursor) finish(ctx context.Context, b *batch) error {
	c.done = true
	if _, err := c.rr.Close(); err != nil {
		return err
	}
	if err := session.Exec(ctx, c.conn, "COMMIT"); err != nil {
		return err
	}
	c.track.end()
	b.safe = c.track.safe
	return nil
}

// keyReader reads the columns that make up a row's position from the wire.
type keyReader struct {
	id    int // column of the result, -1 for none
	idOID uint32
	idFmt int16
	ts    []int
	tsOID []uint32
	loc   *time.Location
}

func (k *keyReader) any() bool { return k.id >= 0 || len(k.ts) > 0 }

// newKeyReader finds the columns in the result, by exact name or else without regard to case.
func newKeyReader(c criterion, fields []pgconn.FieldDescription, loc *time.Location) (keyReader, error) {
	k := keyReader{id: -1, loc: loc}
	cols := make([]tableColumn, len(fields))
	for i, f := range fields {
		cols[i].name = f.Name
	}
	find := func(name string) int {
		col, ok := findColumn(cols, name)
		for i := range cols {
			if ok && cols[i].name == col.name {
				return i
			}
		}
		return -1
	}
	if c.id != "" {
		if k.id = find(c.id); k.id < 0 {
			return k, fmt.Errorf("the result has no column %q", c.id)
		}
		k.idOID = fields[k.id].DataTypeOID
		if !pgtype.IsInteger(k.idOID) {
			return k, fmt.Errorf("incrementing column %q is no integer or numeric column", c.id)
		}
	}
	for _, name := range c.timestamps {
		i := find(name)
		if i < 0 {
			return k, fmt.Errorf("the result has no column %q", name)
		}
		if !pgtype.IsInstant(fields[i].DataTypeOID) {
			return k, fmt.Errorf("timestamp column %q is no timestamp or date column", name)
		}
		k.ts, k.tsOID = append(k.ts, i), append(k.tsOID, fields[i].DataTypeOID)
	}
	return k, nil
}

func (k *keyReader) read(values [][]byte) (position, error) {
	var p position
	for i, col := range k.ts {
		w := values[col]
		if w == nil {
			continue
		}
		us, ok, err := pgtype.Micros(k.tsOID[i], w, k.loc)
		if err != nil {
			return p, err
		}
		p.micros, p.hasTS = us, ok
		break
	}
	if k.id < 0 {
		return p, nil
	}
	w := values[k.id]
	if w == nil {
		return p, &nullKeyError{}
	}
	var err error
	p.id, err = readID(w, k.idOID, k.idFmt)
	p.hasID = true
	return p, err
}

type nullKeyError struct{}

func (*nullKeyError) Error() string {
	return "the incrementing column of a row is null, so its position cannot be told: declare the column NOT NULL, or choose another"
}

func readID(w []byte, oid uint32, format int16) (int64, error) {
	switch {
	case format == 0:
		v, ok := new(big.Int).SetString(string(w), 10)
		if !ok || !v.IsInt64() {
			return 0, fmt.Errorf("the incrementing column holds %q, which is no 64-bit integer", w)
		}
		return v.Int64(), nil
	case len(w) == 2:
		return int64(int16(binary.BigEndian.Uint16(w))), nil
	case len(w) == 4 && oid == oidOID:
		return int64(binary.BigEndian.Uint32(w)), nil
	case len(w) == 4:
		return int64(int32(binary.BigEndian.Uint32(w))), nil
	case len(w) == 8 && oid != oidNumeric:
		return int64(binary.BigEndian.Uint64(w)), nil
	}
	id, ok := pgtype.NumericInt64(w)
	if !ok {
		return 0, fmt.Errorf("the incrementing column of type %s holds a value that is no 64-bit integer", strconv.Itoa(int(oid)))
	}
	return id, nil
}

const (
	oidOID     = 26
	oidNumeric = 1700
)
