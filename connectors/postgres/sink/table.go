package sink

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
	"github.com/kurier-io/kurier/connectors/postgres/session"
	"github.com/kurier-io/kurier/plugins/connect"
)

// A target is a table as the catalog has it.
type target struct {
	name    ident.Table
	columns []targetColumn
}

type targetColumn struct {
	name                 string
	typeSchema, typeName string
	category             byte // pg_type.typcategory
}

// find prefers the exact name and else takes one that differs only in case.
func (t *target) find(name string) *targetColumn {
	for i := range t.columns {
		if t.columns[i].name == name {
			return &t.columns[i]
		}
	}
	for i := range t.columns {
		if strings.EqualFold(t.columns[i].name, name) {
			return &t.columns[i]
		}
	}
	return nil
}

const tableQuery = `SELECT n.nspname, c.relname, c.relkind, a.attname, tn.nspname, ty.typname, ty.typcategory
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_type ty ON ty.oid = a.atttypid LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = ty.typnamespace
WHERE c.oid = to_regclass($1) ORDER BY a.attnum`

// readTable returns nil for a table that does not exist.
func (s *Settings) readTable(ctx context.Context, c *pgconn.PgConn, t ident.Table) (*target, error) {
	if s.quoting() == ident.Never {
		t = ident.Table{Schema: strings.ToLower(t.Schema), Name: strings.ToLower(t.Name)}
	}
	rows, err := session.Query(ctx, c, tableQuery, ident.Always.Table(t))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	out := &target{name: ident.Table{Schema: string(rows[0][0]), Name: string(rows[0][1])}}
	kinds := map[string]string{"r": "TABLE", "p": "PARTITIONED TABLE", "v": "VIEW", "f": "FOREIGN TABLE", "m": "MATERIALIZED VIEW"}
	if kind := kinds[string(rows[0][2])]; kind != "TABLE" && kind != "PARTITIONED TABLE" && !slices.Contains(s.TableTypes, kind) {
		return nil, connect.ConfigErr("table.types", fmt.Sprintf("%s is a %s, not one of %s", out.name, kind, strings.Join(s.TableTypes, ", ")),
			"add its type to table.types, or write to another table")
	}
	for _, r := range rows {
		if r[3] == nil {
			continue
		}
		out.columns = append(out.columns, targetColumn{string(r[3]), string(r[4]), string(r[5]), r[6][0]})
	}
	return out, nil
}
