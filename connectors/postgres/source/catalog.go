package source

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
	"github.com/kurier-io/kurier/connectors/postgres/pgtype"
	"github.com/kurier-io/kurier/connectors/postgres/session"
)

// listTables names tables as the driver's metadata does: by type, schema and name. The types are those of pgjdbc.
const listTables = `SELECT schema, name FROM (
SELECT n.nspname AS schema, c.relname AS name, CASE
  WHEN c.relpersistence = 't' THEN 'LOCAL TEMPORARY'
  WHEN n.nspname IN ('pg_catalog', 'information_schema') OR n.nspname ~ '^pg_' THEN CASE c.relkind WHEN 'r' THEN 'SYSTEM TABLE' WHEN 'v' THEN 'SYSTEM VIEW' ELSE '' END
  WHEN c.relkind = 'r' THEN 'TABLE' WHEN c.relkind = 'p' THEN 'PARTITIONED TABLE' WHEN c.relkind = 'v' THEN 'VIEW'
  WHEN c.relkind = 'm' THEN 'MATERIALIZED VIEW' WHEN c.relkind = 'f' THEN 'FOREIGN TABLE' ELSE '' END AS type
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace) t
WHERE type = ANY(string_to_array($1, ',')) AND ($2 = '' OR schema LIKE $2) ORDER BY type, schema, name`

func (s *Settings) tables(ctx context.Context, c *pgconn.PgConn, database string) ([]ident.Table, error) {
	if s.CatalogPattern != "" && s.CatalogPattern != "%" && s.CatalogPattern != database {
		return nil, nil
	}
	rows, err := session.Query(ctx, c, listTables, strings.ToUpper(strings.Join(s.TableTypes, ",")), s.SchemaPattern)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	all := make([]ident.Table, len(rows))
	for i, r := range rows {
		all[i] = ident.Table{Schema: string(r[0]), Name: string(r[1])}
	}
	return s.selectTables(all), nil
}

// tableColumn is what the catalog says about a column of a table.
type tableColumn struct {
	name          string
	notNull, auto bool // auto: identity, or a default from a sequence
}

const listColumns = `SELECT a.attname, a.attnotnull, (to_jsonb(a)->>'attidentity' IN ('a','d') OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%')
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`

func columnsOf(ctx context.Context, c *pgconn.PgConn, t ident.Table) ([]tableColumn, error) {
	rows, err := session.Query(ctx, c, listColumns, t.Schema, t.Name)
	if err != nil {
		return nil, fmt.Errorf("list the columns of %s: %w", t, err)
	}
	out := make([]tableColumn, len(rows))
	for i, r := range rows {
		out[i] = tableColumn{string(r[0]), string(r[1]) == "t", string(r[2]) == "t"}
	}
	return out, nil
}

// findColumn prefers the exact name and else takes one that differs only in case.
func findColumn(cols []tableColumn, name string) (tableColumn, bool) {
	var folded *tableColumn
	for i := range cols {
		if cols[i].name == name {
			return cols[i], true
		}
		if strings.EqualFold(cols[i].name, name) {
			folded = &cols[i]
		}
	}
	if folded != nil {
		return *folded, true
	}
	return tableColumn{}, false
}

// firstCustomOID is where PostgreSQL starts to number types that users and extensions define.
const firstCustomOID = 16384

// describe completes the columns of a result from the catalog: nullability, and types that are not built in.
func describe(ctx context.Context, c *pgconn.PgConn, fields []pgconn.FieldDescription) ([]pgtype.Column, error) {
	cols := make([]pgtype.Column, len(fields))
	var attrs, types []string
	for i, f := range fields {
		cols[i] = pgtype.Column{Name: f.Name, OID: f.DataTypeOID, Mod: f.TypeModifier}
		if f.TableOID != 0 {
			attrs = append(attrs, fmt.Sprintf("(%d,%d)", f.TableOID, f.TableAttributeNumber))
		}
		if f.DataTypeOID >= firstCustomOID {
			types = append(types, fmt.Sprint(f.DataTypeOID))
		}
	}
	if len(attrs) > 0 {
		rows, err := session.Query(ctx, c, `SELECT attrelid, attnum FROM pg_catalog.pg_attribute WHERE attnotnull AND (attrelid, attnum) IN (`+strings.Join(attrs, ",")+`)`)
		if err != nil {
			return nil, fmt.Errorf("read which columns are NOT NULL: %w", err)
		}
		required := map[string]bool{}
		for _, r := range rows {
			required[string(r[0])+"."+string(r[1])] = true
		}
		for i, f := range fields {
			cols[i].NotNull = required[fmt.Sprintf("%d.%d", f.TableOID, f.TableAttributeNumber)]
		}
	}
	if len(types) > 0 {
		rows, err := session.Query(ctx, c, `SELECT oid, typname, typtype, typelem FROM pg_catalog.pg_type WHERE oid IN (`+strings.Join(types, ",")+`)`)
		if err != nil {
			return nil, fmt.Errorf("read the types of columns: %w", err)
		}
		for _, r := range rows {
			for i := range cols {
				if fmt.Sprint(cols[i].OID) == string(r[0]) {
					cols[i].TypeName, cols[i].Enum = string(r[1]), string(r[2]) == "e"
				}
			}
		}
	}
	return cols, nil
}
