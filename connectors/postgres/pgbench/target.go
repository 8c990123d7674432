package pgbench

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// SinkConfig configures a connector that upserts a topic's records into the target table, by the key id.
func (d *Database) SinkConfig(topic string) map[string]string {
	c := d.connection()
	c["connector.class"] = "JdbcSinkConnector"
	c["topics"] = topic
	c["insert.mode"] = "upsert"
	c["pk.mode"] = "record_value"
	c["pk.fields"] = columns[0].name
	c["table.name.format"] = targetTable
	return c
}

// Empty makes the target table as new.
func (d *Database) Empty(ctx context.Context) error {
	return d.exec(ctx, "DROP TABLE "+targetTable, create(targetTable), "CHECKPOINT")
}

// Prepare reads the source table's rows as the parameters of Loop, so that it measures the statement and nothing else: the server itself makes
// arrays in the form in which it takes them.
func (d *Database) Prepare(ctx context.Context, rows, batch int) error {
	if d.batch == batch && len(d.params) == (rows+batch-1)/batch {
		return nil
	}
	d.batch, d.params = batch, nil
	arrays := make([]string, len(columns))
	for i, c := range columns {
		arrays[i] = "array_agg(" + c.name + "::" + bound(c.sqlType) + ")"
	}
	for from := 0; from < rows; from += batch {
		sql := fmt.Sprintf("SELECT %s FROM (SELECT * FROM %s WHERE id > %d AND id <= %d ORDER BY id) s", strings.Join(arrays, ","), sourceTable, from, from+batch)
		r := d.conn.ExecParams(ctx, sql, nil, nil, nil, []int16{1}).Read()
		if r.Err != nil {
			return fmt.Errorf("%w\n%s", r.Err, sql)
		}
		cols := make([][]byte, len(columns))
		for i, b := range r.Rows[0] {
			cols[i] = bytes.Clone(b)
		}
		d.params = append(d.params, cols)
	}
	return nil
}

// bound is the element type in which the sink binds a column.
func bound(sqlType string) string {
	name, _, _ := strings.Cut(sqlType, "(")
	return map[string]string{
		"bigint": "int8", "integer": "int4", "numeric": "numeric", "double precision": "float8", "boolean": "bool", "timestamp": "timestamp", "text": "text",
	}[name]
}

// Statement is the upsert that the sink connector runs for this table. A test holds it to that.
func Statement() string {
	var names, values, params, aliases, set []string
	for i, c := range columns {
		n := strconv.Itoa(i + 1)
		name := `"` + c.name + `"`
		names, values, aliases = append(names, name), append(values, "u.c"+n), append(aliases, "c"+n)
		params = append(params, "$"+n+"::"+bound(c.sqlType)+"[]")
		if i > 0 {
			set = append(set, name+"=EXCLUDED."+name)
		}
	}
	return `INSERT INTO "public"."` + targetTable + `" (` + strings.Join(names, ",") + ") SELECT " + strings.Join(values, ",") +
		" FROM UNNEST(" + strings.Join(params, ",") + ") AS u(" + strings.Join(aliases, ",") + `) ON CONFLICT ("` + columns[0].name + `") DO UPDATE SET ` +
		strings.Join(set, ",")
}

// Loop is the sink's yardstick: the sink's statement over the prepared batches, one after the other on one connection.
func (d *Database) Loop(ctx context.Context) error {
	c, err := pgconn.Connect(ctx, d.server.URL())
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	if _, err := c.Prepare(ctx, "upsert", Statement(), nil); err != nil {
		return err
	}
	for _, p := range d.params {
		if r := c.ExecPrepared(ctx, "upsert", p, []int16{1}, nil).Read(); r.Err != nil {
			return r.Err
		}
	}
	return nil
}

// Reached is the highest id in the target table, 0 when it is empty. The topic has the rows in the order of their ids.
func (d *Database) Reached(ctx context.Context) (int, error) {
	return d.number(ctx, "SELECT coalesce(max(id), 0) FROM "+targetTable)
}

// Differing counts the rows of the source table that the target table does not have alike.
func (d *Database) Differing(ctx context.Context) (int, error) {
	return d.number(ctx, "SELECT count(*) FROM (SELECT * FROM "+sourceTable+" EXCEPT ALL SELECT * FROM "+targetTable+") missing")
}

func (d *Database) number(ctx context.Context, sql string) (int, error) {
	r := d.conn.ExecParams(ctx, sql, nil, nil, nil, nil).Read()
	if r.Err != nil {
		return 0, fmt.Errorf("%w\n%s", r.Err, sql)
	}
	return strconv.Atoi(string(r.Rows[0][0]))
}
