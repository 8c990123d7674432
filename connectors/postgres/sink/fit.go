package sink

import (
	"context"
	"fmt"
	"strings"

	"github.com/kurier-io/kurier/connectors/postgres/session"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// fit makes the table have the layout's columns, as far as auto.create and auto.evolve allow, and binds the columns. It runs outside
// of the batch's transaction: DDL is committed at once.
func (t *Task) fit(ctx context.Context, l *layout, value *data.Schema) error {
	s := t.settings
	found, err := s.readTable(ctx, t.conn, l.table)
	if err != nil {
		return err
	}
	if found == nil {
		if !s.AutoCreate {
			return connect.ConfigErr("table.name.format", fmt.Sprintf("table %s is missing in database %q and auto.create is false", l.table, t.dialer.Database()),
				"create it, set auto.create=true, or correct table.name.format; names are case sensitive unless quote.sql.identifiers=never")
		}
		if found, err = t.ddl(ctx, s.createTable(l, value), l); err != nil {
			return fmt.Errorf("create table %s: %w", l.table, err)
		}
	}
	missing := l.missing(found)
	if len(missing) > 0 {
		names := make([]string, len(missing))
		for i, c := range missing {
			names[i] = c.name
		}
		if !s.AutoEvolve {
			return connect.ConfigErr("auto.evolve", fmt.Sprintf("table %s has no column for %s and auto.evolve is false", found.name, strings.Join(names, ", ")),
				"add the columns, set auto.evolve=true, or leave the fields out with fields.whitelist")
		}
		sql, err := s.alterTable(found.name, missing)
		if err != nil {
			return err
		}
		if found, err = t.ddl(ctx, sql, l); err != nil {
			return fmt.Errorf("alter table %s: %w", l.table, err)
		}
		if left := l.missing(found); len(left) > 0 {
			return fmt.Errorf("table %s has no column %s although it was added", found.name, left[0].name)
		}
	}
	l.target = found
	for i := range l.columns {
		c := &l.columns[i]
		c.target = found.find(c.name)
		c.bind = s.bindColumn(c)
	}
	st := statements{l, s.quoting()}
	if l.keys > 0 {
		l.remove = st.delete()
	}
	switch s.InsertMode {
	case "upsert":
		l.write = st.upsert()
	case "update":
		l.write = st.update()
	default:
		l.write = st.insert()
	}
	return nil
}

func (l *layout) missing(found *target) []*column {
	var out []*column
	for i := range l.columns {
		if found.find(l.columns[i].name) == nil {
			out = append(out, &l.columns[i])
		}
	}
	return out
}

// ddl runs a statement and reads the table again. Another task may have done the same a moment before.
func (t *Task) ddl(ctx context.Context, sql string, l *layout) (*target, error) {
	err := session.Exec(ctx, t.conn, sql)
	if err == nil {
		t.log.Info("changed the destination table", "table", l.table.String(), "statement", sql)
	} else {
		switch session.State(err) {
		case "42P07", "42701", "23505", "42710": // table, column, catalog row or type exists
		default:
			return nil, err
		}
	}
	found, readErr := t.settings.readTable(ctx, t.conn, l.table)
	if readErr != nil {
		return nil, readErr
	}
	if found == nil {
		return nil, fmt.Errorf("the table cannot be seen afterwards: %w", err)
	}
	return found, nil
}
