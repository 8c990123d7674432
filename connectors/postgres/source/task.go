package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
	"github.com/kurier-io/kurier/connectors/postgres/pgtype"
	"github.com/kurier-io/kurier/connectors/postgres/session"
	"github.com/kurier-io/kurier/plugins/connect"
)

// The keys that the connector adds for its tasks.
const (
	keyTables  = "tables"
	keyFetched = "tables.fetched"
)

// retryPause is between a failed query and the next poll; the table itself waits for its poll interval.
const retryPause = 100 * time.Millisecond

// Task reads its tables, or the query, one after the other over one connection.
type Task struct {
	settings *Settings
	dialer   *session.Dialer
	log      *slog.Logger

	mu       sync.Mutex // held by Poll; Stop waits for it
	ctx      context.Context
	cancel   context.CancelCauseFunc
	conn     *pgconn.PgConn
	sources  []*source
	schedule *schedule

	current *source // whose result is being read
	reader  *reader
	spare   chan *batch
	handed  *batch // what the last Poll returned
}

// source is one table, or the query.
type source struct {
	statement
	topic     string
	schema    string // schema name
	partition map[string]any
	position  position
	columns   []pgtype.Column
	plan      *pgtype.Plan
	failures  int
}

// NewTask returns a task.
func NewTask() connect.SourceTask { return &Task{} }

var errStopped = errors.New("the task is being stopped")

// Start connects, looks at the tables, and takes up the stored offsets.
func (t *Task) Start(ctx context.Context, tc connect.SourceTaskContext, props connect.Props) error {
	s, err := parse(props)
	if err != nil {
		return err
	}
	t.settings, t.log = s, tc.Log()
	if t.dialer, err = s.dialer(props); err != nil {
		return err
	}
	t.ctx, t.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	t.spare = make(chan *batch, 2)
	t.spare <- &batch{}
	t.spare <- &batch{}
	if t.conn, err = t.dialer.Open(ctx, t.log); err != nil {
		return err
	}
	if err := t.prepare(ctx, tc, props); err != nil {
		session.Close(t.conn)
		return err
	}
	return nil
}

func (t *Task) prepare(ctx context.Context, tc connect.SourceTaskContext, props connect.Props) error {
	s := t.settings
	if q := s.queryText(); q != "" {
		t.sources = []*source{{
			statement: statement{quote: s.quoting(), query: q, suffix: s.Suffix, criterion: s.queryCriterion()},
			topic:     s.TopicPrefix, partition: map[string]any{"query": "query"},
		}}
	} else if err := t.prepareTables(ctx, props); err != nil {
		return err
	}
	t.schedule = newSchedule(len(t.sources), s.PollInterval)
	if s.Mode == "bulk" {
		return nil
	}
	start, err := t.initial(ctx)
	if err != nil {
		return err
	}
	return t.restore(ctx, tc, start)
}

// queryCriterion returns the columns that decide in query mode.
func (s *Settings) queryCriterion() criterion {
	id, timestamps := s.columnsOf(ident.Table{})
	return criterion{id, timestamps}
}

func (t *Task) prepareTables(ctx context.Context, props connect.Props) error {
	s := t.settings
	list, ok := props[keyTables]
	if !ok { // A task started with the connector's own configuration.
		tables, err := s.tables(ctx, t.conn, t.dialer.Database())
		if err != nil {
			return err
		}
		return t.addTables(ctx, tables)
	}
	tables, err := ident.SplitTables(list)
	if err != nil {
		return connect.ConfigErr(keyTables, err.Error(), "")
	}
	if len(tables) == 0 && props[keyFetched] == "false" {
		return nil
	}
	return t.addTables(ctx, tables)
}

func (t *Task) addTables(ctx context.Context, tables []ident.Table) error {
	if len(tables) == 0 {
		return errNoTables(t.settings)
	}
	for _, table := range tables {
		cols, err := columnsOf(ctx, t.conn, table)
		if err != nil {
			return err
		}
		c, err := t.settings.resolveColumns(table, cols)
		if err != nil {
			return err
		}
		t.sources = append(t.sources, &source{
			statement: statement{quote: t.settings.quoting(), table: table, suffix: t.settings.Suffix, criterion: c},
			topic:     t.settings.TopicPrefix + table.Name, schema: table.Name, partition: t.settings.partition(table),
		})
	}
	return nil
}

func (s *Settings) partition(t ident.Table) map[string]any {
	if s.Mode == "bulk" {
		return map[string]any{"table": t.Name}
	}
	return map[string]any{"protocol": "1", "table": t.String()}
}

// initial is the position without a stored offset.
func (t *Task) initial(ctx context.Context) (position, error) {
	s := t.settings
	p := position{id: s.initialID}
	switch {
	case s.initial == nil || !s.usesTimestamp():
	case *s.initial == -1:
		now, err := currentTime(ctx, t.conn)
		if err != nil {
			return p, err
		}
		p.micros = now.UnixMicro()
	default:
		p.micros = *s.initial * 1000
	}
	return p, nil
}

// restore takes up stored offsets, those of the current form before those of the old one.
func (t *Task) restore(ctx context.Context, tc connect.SourceTaskContext, start position) error {
	var ask []map[string]any
	for _, src := range t.sources {
		ask = append(ask, src.partition)
	}
	for _, src := range t.sources {
		ask = append(ask, map[string]any{"table": src.table.Name})
	}
	if len(ask) == 0 {
		return nil
	}
	stored, err := tc.Offsets(ctx, ask)
	if err != nil {
		return fmt.Errorf("read the stored offsets: %w", err)
	}
	for i, src := range t.sources {
		src.position = start
		for _, at := range []int{i, len(t.sources) + i} {
			if at >= len(stored) || stored[at] == nil || at != i && src.query != "" {
				continue
			}
			found := parseOffset(stored[at])
			if found.hasTS {
				src.position.micros, src.position.hasTS = found.micros, true
			}
			if found.hasID {
				src.position.id, src.position.hasID = found.id, true
			}
			break
		}
	}
	return nil
}

// Poll returns the next batch of the table whose turn it is; after poll.linger.ms without rows it returns nothing.
func (t *Task) Poll(ctx context.Context) ([]connect.SourceRecord, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.handed != nil {
		t.spare <- t.handed
		t.handed = nil
	}
	linger := time.Now().Add(max(t.settings.PollLinger, time.Millisecond))
	for ctx.Err() == nil && t.ctx.Err() == nil {
		if t.reader == nil {
			if opened, err := t.openNext(ctx, linger); err != nil || !opened {
				return nil, err
			}
		}
		records, err := t.take(ctx)
		if err != nil || len(records) > 0 {
			return records, err
		}
		if time.Now().After(linger) {
			break
		}
	}
	return nil, nil
}

// openNext waits for the next table's turn and runs its query; false means that the time to linger is over.
func (t *Task) openNext(ctx context.Context, linger time.Time) (bool, error) {
	wait := time.Until(linger)
	table, ready := 0, false
	if len(t.sources) > 0 {
		var until time.Duration
		if table, until = t.schedule.next(time.Now()); until <= wait {
			wait, ready = until, true
		}
	}
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return false, nil
		case <-t.ctx.Done():
			return false, nil
		}
	}
	if !ready {
		return false, nil
	}
	t.schedule.started(table, time.Now())
	src := t.sources[table]
	c, err := t.open(ctx, src)
	if err != nil {
		return false, t.failed(ctx, src, err)
	}
	t.current, t.reader = src, read(t.ctx, c, t.spare)
	return true, nil
}

// take receives the batch that the reader has filled.
func (t *Task) take(ctx context.Context) ([]connect.SourceRecord, error) {
	var f filled
	select {
	case f = <-t.reader.out:
	case <-ctx.Done():
		return nil, nil
	}
	src := t.current
	if f.err != nil {
		t.spare <- f.b
		t.closeReader()
		return nil, t.failed(ctx, src, f.err)
	}
	if !f.more {
		t.closeReader()
	}
	src.failures = 0
	if f.b.safe.hasID || f.b.safe.hasTS {
		src.position = f.b.safe
	}
	f.b.mark(src.partition)
	t.handed = f.b
	if len(f.b.records) == 0 {
		t.spare <- f.b
		t.handed = nil
		return nil, nil
	}
	return f.b.records, nil
}

func (t *Task) closeReader() {
	if t.reader != nil {
		t.reader.stop(t.spare)
		t.reader, t.current = nil, nil
	}
}

// failed drops the connection, so that the next query starts from the last position, and says what the worker is to do.
func (t *Task) failed(ctx context.Context, src *source, err error) error {
	t.closeReader()
	session.Close(t.conn)
	t.conn = nil
	if ctx.Err() != nil || t.ctx.Err() != nil {
		return nil
	}
	what := "query"
	if src.query == "" {
		what = "table " + src.table.String()
	}
	err = fmt.Errorf("%s: %w", what, err)
	if conversion(err) || session.Permanent(err) {
		return err
	}
	src.failures++
	if n := t.settings.QueryRetries; n >= 0 && src.failures > n && session.Classify(err) != session.Transient {
		return fmt.Errorf("gave up after query.retry.attempts=%d: %w", n, err)
	}
	t.log.Warn("query failed, it is tried again at the next poll", "of", what, "sqlstate", session.State(err), "failures", src.failures, "error", err)
	return connect.Retriable(err, retryPause)
}

// conversion reports errors of values, which reading again does not mend.
func conversion(err error) bool {
	_, value := errors.AsType[*pgtype.Error](err)
	_, null := errors.AsType[*nullKeyError](err)
	_, cfg := errors.AsType[*columnError](err)
	return value || null || cfg
}

// Stop ends the query that is running and closes the connection.
func (t *Task) Stop(context.Context) error {
	t.cancel(errStopped)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closeReader()
	session.Close(t.conn)
	t.conn = nil
	return nil
}
