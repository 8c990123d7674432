package sink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kurier-io/kurier/connectors/postgres/session"
	"github.com/kurier-io/kurier/plugins/connect"
)

// Task writes batches, each Put in one transaction.
type Task struct {
	settings *Settings
	dialer   *session.Dialer
	log      *slog.Logger

	mu       sync.Mutex // held by Put; Stop waits for it
	conn     *pgconn.PgConn
	prepared map[string]string // SQL to statement name, on this connection
	layouts  map[layoutKey]*layout
	batcher  batcher
	retries  int // left for the present batch
}

// NewTask returns a task.
func NewTask() connect.SinkTask { return &Task{} }

// Start connects once, so that wrong settings show at once.
func (t *Task) Start(ctx context.Context, tc connect.SinkTaskContext, props connect.Props) error {
	s, err := parse(props)
	if err != nil {
		return err
	}
	t.settings, t.log = s, tc.Log()
	if t.dialer, err = s.dialer(props); err != nil {
		return err
	}
	t.batcher.settings, t.retries = s, s.MaxRetries
	conn, err := t.dialer.Open(ctx, t.log)
	if err != nil {
		return err
	}
	t.use(conn)
	return nil
}

// use starts afresh on a connection: what is known of tables may be old.
func (t *Task) use(conn *pgconn.PgConn) {
	t.conn, t.prepared, t.layouts = conn, map[string]string{}, map[layoutKey]*layout{}
}

// Put writes a batch in one transaction. When the server refuses a value, the records at fault are found by halving the batch. With
// errors.tolerance=all the rest is committed and they are reported as bad records; otherwise nothing of the batch is kept, since the
// task fails and will be given all of it again.
func (t *Task) Put(ctx context.Context, records []connect.SinkRecord) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(records) == 0 {
		return nil
	}
	bad, err := t.put(ctx, records)
	if err != nil {
		return t.failed(ctx, err)
	}
	t.retries = t.settings.MaxRetries
	switch {
	case len(bad) == 0:
		return nil
	case t.settings.tolerant:
		slices.SortFunc(bad, func(a, b connect.RecordError) int { return a.Index - b.Index })
		return &connect.BadRecordsError{Records: bad}
	}
	return fmt.Errorf("%w (nothing of this batch of %d records was written; with errors.tolerance=all such records are set aside)", bad[0].Err, len(records))
}

func (t *Task) put(ctx context.Context, records []connect.SinkRecord) ([]connect.RecordError, error) {
	if t.conn == nil || t.conn.IsClosed() {
		conn, err := t.dialer.Once(ctx)
		if err != nil {
			return nil, err
		}
		t.use(conn)
	}
	g, bad, err := t.group(ctx, records, 0, len(records))
	if err != nil || len(bad) > 0 && !t.settings.tolerant {
		return bad, err
	}
	err = t.pipeline(ctx, g.out, records)
	_, early := errors.AsType[*recordError](err)
	if !early && session.Classify(err) != session.Data {
		return bad, err
	}
	more, err := t.isolate(ctx, records)
	return more, err
}

// failed decides what the worker does about an error of the whole batch.
func (t *Task) failed(ctx context.Context, err error) error {
	if session.Classify(err) != session.Transient {
		t.drop()
		return t.trim(err)
	}
	t.drop()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if t.retries <= 0 {
		return fmt.Errorf("gave up after max.retries=%d: %w", t.settings.MaxRetries, t.trim(err))
	}
	t.retries--
	return connect.Retriable(t.trim(err), t.settings.RetryPause)
}

// trim adds the server's detail to an error. With trim.sensitive.log it leaves out what the server says about values.
func (t *Task) trim(err error) error {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		return err
	case t.settings.TrimLog && session.Classify(err) == session.Data:
		return fmt.Errorf("the server refused a value: SQLSTATE %s, table %q, column %q, constraint %q (trim.sensitive.log hides its text)",
			pe.Code, pe.TableName, pe.ColumnName, pe.ConstraintName)
	case pe.Detail == "" || t.settings.TrimLog:
		return err
	}
	return fmt.Errorf("%w: %s", err, pe.Detail)
}

// drop closes the connection; the next Put opens another.
func (t *Task) drop() {
	session.Close(t.conn)
	t.conn = nil
}

// Stop closes the connection.
func (t *Task) Stop(context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop()
	return nil
}
