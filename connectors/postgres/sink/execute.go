package sink

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kurier-io/kurier/connectors/postgres/session"
	"github.com/kurier-io/kurier/plugins/connect"
)

// pipeline writes all flushes in one transaction and, since nothing of it waits for an answer, in one round trip: the next flush is
// encoded while the server executes the one before.
func (t *Task) pipeline(ctx context.Context, flushes []*flush, records []connect.SinkRecord) error {
	if len(flushes) == 0 {
		return nil
	}
	for _, f := range flushes {
		if err := t.prepare(ctx, f); err != nil {
			return err
		}
	}
	p := t.conn.StartPipeline(ctx)
	p.SendQueryParams("BEGIN", nil, nil, nil, nil)
	var failed error
	for i, f := range flushes {
		failed = t.batcher.run(f, records, func(sql string, params [][]byte) error {
			if name, ok := t.prepared[sql]; ok {
				p.SendQueryPrepared(name, params, binaryFormat, nil)
			} else {
				p.SendQueryParams(sql, params, nil, binaryFormat, nil)
			}
			return nil
		})
		if failed != nil {
			break
		}
		if i < len(flushes)-1 {
			if failed = p.Flush(); failed != nil {
				break
			}
		}
	}
	end := "COMMIT"
	if failed != nil {
		end = "ROLLBACK"
	}
	p.SendQueryParams(end, nil, nil, nil, nil)
	err := errors.Join(p.Sync(), drain(p), p.Close())
	if failed != nil {
		return failed
	}
	if err != nil && !t.conn.IsClosed() && t.conn.TxStatus() != 'I' {
		err = errors.Join(err, session.Exec(ctx, t.conn, "ROLLBACK"))
	}
	return err
}

var binaryFormat = []int16{1}

// drain reads the answers up to the pipeline's end and returns the first error.
func drain(p *pgconn.Pipeline) error {
	var first error
	for {
		res, err := p.GetResults()
		if err == nil {
			if rr, ok := res.(*pgconn.ResultReader); ok {
				_, err = rr.Close()
			}
		}
		if first == nil {
			first = err
		}
		if _, isServer := errors.AsType[*pgconn.PgError](err); err != nil && !isServer {
			return first
		}
		if _, end := res.(*pgconn.PipelineSync); end || res == nil && err == nil {
			return first
		}
	}
}

// maxPrepared bounds the statements of a session; beyond it they are sent with their text.
const maxPrepared = 500

// prepare makes named statements of a flush's SQL, unless a pooler forbids them.
func (t *Task) prepare(ctx context.Context, f *flush) error {
	if t.dialer.NoPrepare() {
		return nil
	}
	var texts []string
	if f.remove != nil {
		texts = append(texts, f.remove.remove)
	}
	if f.write != nil && f.write.write != "" {
		texts = append(texts, f.write.write)
	}
	for _, sql := range texts {
		if _, ok := t.prepared[sql]; ok || len(t.prepared) >= maxPrepared {
			continue
		}
		name := fmt.Sprintf("k%d", len(t.prepared)+1)
		if _, err := t.conn.Prepare(ctx, name, sql, nil); err != nil {
			return fmt.Errorf("%w in the statement %.100q", err, sql)
		}
		t.prepared[sql] = name
	}
	return nil
}

// isolate writes a batch that holds values which the server refuses, and returns the records at fault. It halves the batch under
// savepoints, with constraints checked at once instead of at the end.
func (t *Task) isolate(ctx context.Context, records []connect.SinkRecord) ([]connect.RecordError, error) {
	if err := session.Exec(ctx, t.conn, "BEGIN; SET CONSTRAINTS ALL IMMEDIATE"); err != nil {
		return nil, err
	}
	bad, err := t.halve(ctx, records, 0, len(records))
	if err != nil {
		return nil, err
	}
	end := "COMMIT"
	if len(bad) > 0 && !t.settings.tolerant {
		end = "ROLLBACK"
	}
	return bad, session.Exec(ctx, t.conn, end)
}

// halve writes records[from:to]; without tolerance it stops at the first bad one.
func (t *Task) halve(ctx context.Context, records []connect.SinkRecord, from, to int) ([]connect.RecordError, error) {
	if from == to {
		return nil, nil
	}
	g, bad, err := t.group(ctx, records, from, to)
	if err != nil {
		return nil, err
	}
	if err := session.Exec(ctx, t.conn, "SAVEPOINT kurier"); err != nil {
		return nil, err
	}
	for _, f := range g.out {
		if err = t.batcher.run(f, records, func(sql string, params [][]byte) error { return t.execute(ctx, sql, params) }); err != nil {
			break
		}
	}
	if err == nil {
		return bad, session.Exec(ctx, t.conn, "RELEASE kurier")
	}
	if _, early := errors.AsType[*recordError](err); !early && session.Classify(err) != session.Data {
		return nil, err
	}
	if undo := session.Exec(ctx, t.conn, "ROLLBACK TO kurier; RELEASE kurier"); undo != nil {
		return nil, undo
	}
	if to-from == 1 {
		return []connect.RecordError{{Index: from, Err: fmt.Errorf("%s: %w", where(&records[from]), t.trim(err))}}, nil
	}
	middle := from + (to-from)/2
	if bad, err = t.halve(ctx, records, from, middle); err != nil || len(bad) > 0 && !t.settings.tolerant {
		return bad, err
	}
	more, err := t.halve(ctx, records, middle, to)
	return append(bad, more...), err
}

func (t *Task) execute(ctx context.Context, sql string, params [][]byte) error {
	if name, ok := t.prepared[sql]; ok {
		return t.conn.ExecPrepared(ctx, name, params, binaryFormat, nil).Read().Err
	}
	return t.conn.ExecParams(ctx, sql, params, nil, binaryFormat, nil).Read().Err
}
