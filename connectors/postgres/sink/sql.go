package sink

import (
	"fmt"
	"strings"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
)

// statements builds the SQL of a layout whose columns are bound. Every batch, whatever its size, runs as the same statement over
// arrays, so that the server plans it once.
type statements struct {
	*layout
	quote ident.Quoting
}

func (s statements) names(cols []column) []string {
	out := make([]string, len(cols))
	for i := range cols {
		out[i] = cols[i].target.name
	}
	return out
}

// unnest is the source of rows: UNNEST($1::int8[],$2::text[]) AS u(c1,c2).
func (s statements) unnest(cols []column) string {
	params, names := make([]string, len(cols)), make([]string, len(cols))
	for i := range cols {
		params[i] = fmt.Sprintf("$%d::%s[]", i+1, cols[i].bind.sqlType)
		names[i] = fmt.Sprintf("c%d", i+1)
	}
	return "UNNEST(" + strings.Join(params, ",") + ") AS u(" + strings.Join(names, ",") + ")"
}

// typed casts text to the column's type, which makes enum, jsonb, inet and everything else with a text form work. The type is written
// without a modifier: a cast to varchar(3) would cut silently, where the assignment that follows reports an error. In comparisons text
// types are cast too, since char(n) compares by its own rules.
func (s statements) typed(i int, compare bool) string {
	c := &s.columns[i]
	expr := fmt.Sprintf("u.c%d", i+1)
	switch {
	case c.bind.sqlType == "float8" && c.target.typeName == "money": // What the source makes of money; no cast leads straight back.
		return expr + "::numeric::money"
	case c.bind.sqlType == "bool" && c.target.typeName == "bit":
		return "CASE WHEN " + expr + " THEN B'1' WHEN NOT " + expr + " THEN B'0' END"
	}
	if c.bind.sqlType != "text" || c.target.typeName == "text" || c.target.category == 'S' && !compare {
		return expr
	}
	return expr + "::" + ident.Always.Quote(c.target.typeSchema) + "." + ident.Always.Quote(c.target.typeName)
}

func (s statements) values() string {
	out := make([]string, len(s.columns))
	for i := range s.columns {
		out[i] = s.typed(i, false)
	}
	return strings.Join(out, ",")
}

func (s statements) insert() string {
	return "INSERT INTO " + s.quote.Table(s.target.name) + " (" + s.quote.List(s.names(s.columns)) + ") SELECT " + s.values() +
		" FROM " + s.unnest(s.columns)
}

func (s statements) upsert() string {
	out := s.insert() + " ON CONFLICT (" + s.quote.List(s.names(s.columns[:s.keys])) + ") DO "
	rest := s.names(s.columns[s.keys:])
	if len(rest) == 0 {
		return out + "NOTHING"
	}
	for i, n := range rest {
		q := s.quote.Quote(n)
		rest[i] = q + "=EXCLUDED." + q
	}
	return out + "UPDATE SET " + strings.Join(rest, ",")
}

// update is empty for a layout without columns beside the key: there is nothing to set.
func (s statements) update() string {
	if s.keys == len(s.columns) {
		return ""
	}
	var set []string
	for i := s.keys; i < len(s.columns); i++ {
		set = append(set, s.quote.Quote(s.columns[i].target.name)+" = "+s.typed(i, false))
	}
	return "UPDATE " + s.quote.Table(s.target.name) + " AS t SET " + strings.Join(set, ",") + " FROM " + s.unnest(s.columns) + " WHERE " + s.match()
}

func (s statements) delete() string {
	return "DELETE FROM " + s.quote.Table(s.target.name) + " AS t USING " + s.unnest(s.columns[:s.keys]) + " WHERE " + s.match()
}

func (s statements) match() string {
	on := make([]string, s.keys)
	for i := range on {
		on[i] = "t." + s.quote.Quote(s.columns[i].target.name) + " = " + s.typed(i, true)
	}
	return strings.Join(on, " AND ")
}
