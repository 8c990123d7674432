package source

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
	"github.com/kurier-io/kurier/connectors/postgres/session"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

// firstListing is how long Start waits for the tables; the monitor goes on after that.
const firstListing = 10 * time.Second

// Connector divides the tables among tasks and watches for new and removed ones.
type Connector struct {
	settings *Settings
	dialer   *session.Dialer
	props    connect.Props
	log      *slog.Logger
	conn     *pgconn.PgConn // the monitor's after Start
	cancel   context.CancelFunc
	monitor  sync.WaitGroup

	mu      sync.Mutex
	tables  []ident.Table
	fetched bool
}

// NewConnector returns a connector.
func NewConnector() connect.Connector { return &Connector{} }

// Start connects once for all, so that wrong settings show at once, and lists the tables.
func (c *Connector) Start(ctx context.Context, cc connect.ConnectorContext, props connect.Props) error {
	s, err := parse(props)
	if err != nil {
		return err
	}
	c.settings, c.props, c.log = s, props, cc.Log()
	if c.dialer, err = s.dialer(props); err != nil {
		return err
	}
	if c.conn, err = c.dialer.Open(ctx, c.log); err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel = cancel
	if s.queryText() != "" {
		session.Close(c.conn)
		return nil
	}
	first, stop := context.WithTimeout(ctx, firstListing)
	defer stop()
	if _, err := c.refresh(first); err != nil {
		c.log.Warn("cannot list the tables, trying again", "pause", s.TablePoll, "error", err)
	}
	c.monitor.Go(func() { c.watch(run, cc) })
	return nil
}

// watch looks for changed tables until the connector stops.
func (c *Connector) watch(ctx context.Context, cc connect.ConnectorContext) {
	defer func() { session.Close(c.conn) }()
	tick := time.NewTicker(c.settings.TablePoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := c.refresh(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			c.log.Warn("cannot list the tables, trying again", "pause", c.settings.TablePoll, "error", err)
		case changed:
			cc.RequestTaskReconfiguration()
		}
	}
}

func (c *Connector) refresh(ctx context.Context) (changed bool, err error) {
	if c.conn == nil || c.conn.IsClosed() {
		if c.conn, err = c.dialer.Once(ctx); err != nil {
			return false, err
		}
	}
	tables, err := c.settings.tables(ctx, c.conn, c.dialer.Database())
	if err != nil {
		session.Close(c.conn)
		c.conn = nil
		return false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	changed = !c.fetched || !slices.Equal(tables, c.tables)
	c.tables, c.fetched = tables, true
	return changed, nil
}

// TaskConfigs gives each task a contiguous group of the tables.
func (c *Connector) TaskConfigs(_ context.Context, maxTasks int) ([]connect.Props, error) {
	if c.settings.queryText() != "" {
		return []connect.Props{c.taskProps(nil, true)}, nil
	}
	c.mu.Lock()
	tables, fetched := slices.Clone(c.tables), c.fetched
	c.mu.Unlock()
	if err := uniqueTopics(tables); err != nil {
		return nil, err
	}
	if len(tables) == 0 {
		return []connect.Props{c.taskProps(nil, fetched)}, nil
	}
	var out []connect.Props
	for _, g := range groups(tables, maxTasks) {
		out = append(out, c.taskProps(g, true))
	}
	return out, nil
}

func (c *Connector) taskProps(tables []ident.Table, fetched bool) connect.Props {
	p := maps.Clone(c.props)
	list := make([]string, len(tables))
	for i, t := range tables {
		list[i] = ident.Always.Table(t)
	}
	p[keyTables] = strings.Join(list, ",")
	if c.settings.queryText() == "" {
		p[keyFetched] = fmt.Sprint(fetched)
	}
	return p
}

// uniqueTopics refuses tables of one name in several schemas, whose records would share a topic.
func uniqueTopics(tables []ident.Table) error {
	seen := map[string]ident.Table{}
	for _, t := range tables {
		if o, dup := seen[t.Name]; dup {
			return connect.ConfigErr("schema.pattern", fmt.Sprintf("The connector uses the unqualified table name as the topic name and has detected duplicate unqualified table names: %s and %s", o, t),
				"set schema.pattern or the table filters so that one of them is left, or use a connector for each schema")
		}
		seen[t.Name] = t
	}
	return nil
}

// groups splits tables as ConnectorUtils.groupPartitions does: contiguous, the first groups one larger.
func groups(tables []ident.Table, n int) [][]ident.Table {
	n = max(1, min(n, len(tables)))
	size, larger := len(tables)/n, len(tables)%n
	out := make([][]ident.Table, 0, n)
	for i := range n {
		k := size
		if i < larger {
			k++
		}
		out = append(out, tables[:k])
		tables = tables[k:]
	}
	return out
}

// Stop ends the monitor.
func (c *Connector) Stop(context.Context) error {
	if c.cancel != nil {
		c.cancel()
	}
	c.monitor.Wait()
	return nil
}

// Validate checks the keys against each other, then against the database.
func (c *Connector) Validate(ctx context.Context, props connect.Props, values []config.Value) ([]config.Value, error) {
	if config.Problems(values) != nil {
		return values, nil
	}
	s, err := config.Parse[Settings](props)
	if err != nil {
		return values, nil //nolint:nilerr // The definition's own rules have reported it.
	}
	_, s.rowsPinned = props["batch.max.rows"]
	for _, p := range s.resolve() {
		values = session.AddError(values, p.Key, p.Msg)
	}
	if config.Problems(values) != nil {
		return values, nil
	}
	d, err := s.dialer(props)
	if err != nil {
		return session.Attach(values, err), nil
	}
	conn, err := d.Once(ctx)
	if err != nil {
		return session.Attach(values, err), nil
	}
	defer session.Close(conn)
	if err := s.check(ctx, conn, d.Database()); err != nil {
		return session.Attach(values, err), nil
	}
	return values, nil
}

// check finds what the connector or a task would stumble over: a query that does not run, tables and columns that are not there.
func (s *Settings) check(ctx context.Context, conn *pgconn.PgConn, database string) error {
	if q := s.queryText(); q != "" {
		st := statement{quote: s.quoting(), query: q, suffix: s.Suffix, criterion: s.queryCriterion()}
		if _, err := conn.Prepare(ctx, "", st.sql(), nil); err != nil {
			return connect.ConfigErr("query", "the statement that it makes does not run: "+err.Error(),
				"in incrementing and timestamp modes a WHERE clause is appended: wrap a query that has one as SELECT * FROM (...) x")
		}
		return nil
	}
	tables, err := s.tables(ctx, conn, database)
	if err != nil {
		return err
	}
	if len(tables) == 0 && s.Whitelist != "" {
		return errNoTables(s)
	}
	if err := uniqueTopics(tables); err != nil {
		return err
	}
	if s.Whitelist == "" {
		return nil
	}
	for _, t := range tables {
		cols, err := columnsOf(ctx, conn, t)
		if err != nil {
			return err
		}
		id, timestamps := s.columnsOf(t)
		for key, list := range map[string][]string{"incrementing.column.name": {id}, "timestamp.column.name": timestamps} {
			for _, name := range list {
				if _, ok := findColumn(cols, name); !ok && name != "" {
					return connect.ConfigErr(key, fmt.Sprintf("table %s has no column %q", t, name), "its columns are "+names(cols))
				}
			}
		}
	}
	return nil
}
