package source

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
	"github.com/kurier-io/kurier/connectors/postgres/pgtype"
	"github.com/kurier-io/kurier/connectors/postgres/session"
	"github.com/kurier-io/kurier/plugins/connect"
)

// open runs a source's query from its position on.
func (t *Task) open(ctx context.Context, src *source) (*cursor, error) {
	if t.conn == nil || t.conn.IsClosed() {
		var err error
		if t.conn, err = t.dialer.Open(ctx, t.log); err != nil {
			return nil, err
		}
	}
	var until int64
	if len(src.timestamps) > 0 {
		now, err := currentTime(ctx, t.conn)
		if err != nil {
			return nil, err
		}
		until = now.Add(-t.settings.Delay).UnixMicro()
	}
	if err := session.Exec(ctx, t.conn, "BEGIN"+t.settings.isolation()); err != nil {
		return nil, err
	}
	sql := src.sql()
	sd, err := t.conn.Prepare(ctx, "", sql, nil)
	if err != nil {
		return nil, err
	}
	if err := t.plan(ctx, src, sd.Fields); err != nil {
		return nil, err
	}
	keys, err := newKeyReader(src.criterion, sd.Fields, t.settings.loc)
	if err != nil {
		return nil, &columnError{err}
	}
	if keys.id >= 0 {
		keys.idFmt = src.plan.Formats[keys.id]
	}
	c := &cursor{
		conn: t.conn, plan: src.plan, topic: src.topic, maxRows: batchRows, keys: keys,
		track: tracker{byTime: len(src.timestamps) > 0, byID: src.id != "", safe: src.position},
	}
	if !c.track.safe.hasTS && !c.track.safe.hasID {
		c.track.safe = position{}
	}
	// Without batch.max.rows batches end by size alone: the default of 1000 rows bounds the JDBC driver's memory, which size does better.
	if t.settings.rowsPinned {
		c.maxRows = t.settings.BatchMaxRows
	}
	// The unnamed statement is parsed again with the parameters, which poolers and altered tables both allow.
	c.rr = t.conn.ExecParams(t.ctx, sql, src.params(src.position, until, t.settings.loc), nil, nil, src.plan.Formats)
	return c, nil
}

// columnError says that a column which decides about positions is not there or unfit.
type columnError struct{ error }

func (e *columnError) Unwrap() error { return e.error }

// plan keeps the source's plan as long as its columns stay the same, so that equal schemas are one pointer.
func (t *Task) plan(ctx context.Context, src *source, fields []pgconn.FieldDescription) error {
	cols, err := describe(ctx, t.conn, fields)
	if err != nil {
		return err
	}
	if src.plan != nil && slices.Equal(cols, src.columns) {
		return nil
	}
	p, err := pgtype.NewPlan(src.schema, cols, t.settings.types())
	if err != nil {
		return &columnError{err}
	}
	for _, c := range p.Dropped {
		t.log.Warn("column left out: its type has no mapping; set unsupported.types.mode=text, or cast it in a query",
			"table", src.table.String(), "column", c.Name, "type_oid", c.OID)
	}
	src.plan, src.columns = p, cols
	return nil
}

func (s *Settings) isolation() string {
	if s.Isolation == "" || s.Isolation == "DEFAULT" {
		return ""
	}
	return " ISOLATION LEVEL " + strings.ReplaceAll(s.Isolation, "_", " ")
}

// currentTime is the server's, cut to milliseconds as the JDBC source does.
func currentTime(ctx context.Context, c *pgconn.PgConn) (time.Time, error) {
	rows, err := session.Query(ctx, c, `SELECT floor(extract(epoch FROM CURRENT_TIMESTAMP) * 1000)::bigint`)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the server's time: %w", err)
	}
	ms, err := strconv.ParseInt(string(rows[0][0]), 10, 64)
	return time.UnixMilli(ms), err
}

// resolveColumns finds the columns that decide which rows of a table are new, by their real names.
func (s *Settings) resolveColumns(t ident.Table, cols []tableColumn) (criterion, error) {
	var c criterion
	if len(cols) == 0 {
		return c, connect.ConfigErr(s.filterKey(), fmt.Sprintf("table %s does not exist", t), "create it, correct the name, or grant access to it")
	}
	id, timestamps := s.columnsOf(t)
	if s.usesIncrementing() {
		col, err := s.incrementingColumn(t, cols, id)
		if err != nil {
			return c, err
		}
		c.id = col.name
	}
	nullable := 0
	for _, name := range timestamps {
		col, ok := findColumn(cols, name)
		if !ok {
			return c, connect.ConfigErr("timestamp.column.name", fmt.Sprintf("table %s has no column %q", t, name), "its columns are "+names(cols))
		}
		if !col.notNull {
			nullable++
		}
		c.timestamps = append(c.timestamps, col.name)
	}
	if s.NonNull && len(timestamps) > 0 && nullable == len(timestamps) {
		return c, connect.ConfigErr("timestamp.column.name", fmt.Sprintf("no timestamp column of table %s is NOT NULL, so rows may be missed", t),
			"declare one NOT NULL, or set validate.non.null=false")
	}
	if s.usesTimestamp() && len(c.timestamps) == 0 {
		return c, connect.ConfigErr("timestamp.columns.mapping", fmt.Sprintf("no entry matches table %s", t), "add one")
	}
	return c, nil
}

func (s *Settings) incrementingColumn(t ident.Table, cols []tableColumn, name string) (tableColumn, error) {
	var col tableColumn
	if name == "" {
		for _, c := range cols {
			if c.auto {
				col = c
				break
			}
		}
		if col.name == "" {
			return col, connect.ConfigErr("incrementing.column.name", fmt.Sprintf("table %s has no identity or serial column to use", t),
				"name the incrementing column")
		}
	} else {
		var ok bool
		if col, ok = findColumn(cols, name); !ok {
			return col, connect.ConfigErr("incrementing.column.name", fmt.Sprintf("table %s has no column %q", t, name), "its columns are "+names(cols))
		}
	}
	if s.NonNull && !col.notNull {
		return col, connect.ConfigErr("incrementing.column.name", fmt.Sprintf("column %q of table %s allows NULL, so rows may be missed", col.name, t),
			"declare it NOT NULL, or set validate.non.null=false")
	}
	return col, nil
}

func names(cols []tableColumn) string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = c.name
	}
	return strings.Join(out, ", ")
}

// filterKey is the key that chose the tables.
func (s *Settings) filterKey() string {
	switch {
	case s.Whitelist != "":
		return "table.whitelist"
	case len(s.Include) > 0:
		return "table.include.list"
	case s.Blacklist != "":
		return "table.blacklist"
	}
	return "connection.url"
}

func errNoTables(s *Settings) error {
	fix := "create the table or correct the name; tables of other types than " + strings.Join(s.TableTypes, ", ") + " need table.types"
	if s.SchemaPattern != "" {
		fix += "; only schemas like " + s.SchemaPattern + " are looked at (schema.pattern)"
	}
	wanted := ""
	switch s.filterKey() {
	case "table.whitelist":
		wanted = " " + s.Whitelist
	case "table.include.list":
		wanted = " " + strings.Join(s.Include, ",")
	}
	return connect.ConfigErr(s.filterKey(), "no table of the database matches"+wanted+", so this task was not assigned a table", fix)
}
