package sink

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// createTable is the CREATE TABLE statement for a layout: kafka key columns, value fields in the order of their schema, then the
// remaining key columns sorted.
func (s *Settings) createTable(l *layout, value *data.Schema) string {
	q := s.quoting()
	defs := []string{}
	for _, i := range s.ddlOrder(l, value) {
		defs = append(defs, s.columnDef(&l.columns[i], i < l.keys))
	}
	if l.keys > 0 {
		names := make([]string, l.keys)
		for i := range names {
			names[i] = l.columns[i].name
		}
		defs = append(defs, "PRIMARY KEY("+q.List(names)+")")
	}
	return "CREATE TABLE " + q.Table(l.table) + " (\n" + strings.Join(defs, ",\n") + ")"
}

func (s *Settings) ddlOrder(l *layout, value *data.Schema) []int {
	var order, keys []int
	for i := range l.keys {
		if l.columns[i].from >= fromTopic {
			order = append(order, i)
		}
	}
	place := func(i int) int {
		if value == nil || value.Type() != data.StructType {
			return -1
		}
		f, ok := value.Field(l.columns[i].name)
		if !ok {
			return -1
		}
		return f.Index
	}
	var inValue []int
	for i := range l.columns {
		switch {
		case l.columns[i].from >= fromTopic:
		case place(i) >= 0 || i >= l.keys:
			inValue = append(inValue, i)
		default:
			keys = append(keys, i)
		}
	}
	slices.SortStableFunc(inValue, func(a, b int) int { return place(a) - place(b) })
	slices.SortFunc(keys, func(a, b int) int { return strings.Compare(l.columns[a].name, l.columns[b].name) })
	return slices.Concat(order, inValue, keys)
}

func (s *Settings) columnDef(c *column, isKey bool) string {
	def := s.quoting().Quote(c.name) + " " + s.ddlType(c)
	v, has := c.schema.Default()
	switch {
	case has && !v.IsNull():
		return def + " DEFAULT " + sqlLiteral(c.schema, v)
	case c.schema.Optional() && !isKey:
		return def + " NULL"
	}
	return def + " NOT NULL"
}

func (s *Settings) ddlType(c *column) string {
	if c.schema.Type() == data.ArrayType {
		return s.ddlType(&column{name: c.name, schema: c.schema.ValueSchema()}) + "[]"
	}
	switch c.schema.Logical() {
	case data.LogicalDecimal:
		return "DECIMAL"
	case data.LogicalDate:
		return "DATE"
	case data.LogicalTime:
		return "TIME"
	case data.LogicalTimestamp:
		return "TIMESTAMP"
	}
	if c.schema.Type() == data.Int64 && slices.Contains(s.TSFields, c.name) {
		return "TIMESTAMP"
	}
	return map[data.Type]string{
		data.Int8: "SMALLINT", data.Int16: "SMALLINT", data.Int32: "INT", data.Int64: "BIGINT", data.Float32: "REAL",
		data.Float64: "DOUBLE PRECISION", data.Boolean: "BOOLEAN", data.String: "TEXT", data.Bytes: "BYTEA",
	}[c.schema.Type()]
}

// alterTable is the ALTER TABLE statement that adds columns.
func (s *Settings) alterTable(name ident.Table, missing []*column) (string, error) {
	adds := make([]string, len(missing))
	for i, c := range missing {
		if _, has := c.schema.Default(); !has && !c.schema.Optional() {
			return "", connect.ConfigErr("auto.evolve", fmt.Sprintf("cannot add column %q to table %s: the field is required and has no default, so existing rows have no value for it", c.name, name),
				"make the field optional, give it a default, or add the column by hand")
		}
		adds[i] = "ADD " + s.columnDef(c, false)
	}
	return "ALTER TABLE " + s.quoting().Table(name) + " " + strings.Join(adds, ",\n"), nil
}
