// Package ident has the names of tables and columns: how people write them, and how SQL wants them.
package ident

import (
	"errors"
	"strings"
)

// A Table is the name of a table; an empty schema stands for the first one of the search path.
type Table struct{ Schema, Name string }

// A Quoting is the value of quote.sql.identifiers.
type Quoting bool

// The two ways of writing identifiers.
const (
	Always Quoting = true
	Never  Quoting = false
)

// ParseQuoting reads quote.sql.identifiers.
func ParseQuoting(s string) Quoting { return Quoting(!strings.EqualFold(s, "never")) }

// Quote writes one identifier.
func (q Quoting) Quote(name string) string {
	if q == Never {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// Table writes a table name, with its schema when it has one.
func (q Quoting) Table(t Table) string {
	if t.Schema == "" {
		return q.Quote(t.Name)
	}
	return q.Quote(t.Schema) + "." + q.Quote(t.Name)
}

// List writes column names, comma separated.
func (q Quoting) List(names []string) string {
	var b strings.Builder
	for i, n := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(q.Quote(n))
	}
	return b.String()
}

// String prints schema.table without quotes.
func (t Table) String() string {
	if t.Schema == "" {
		return t.Name
	}
	return t.Schema + "." + t.Name
}

// Parts splits a dotted name; double quotes protect dots and are doubled inside.
func Parts(s string) ([]string, error) {
	var parts []string
	for {
		var part string
		if strings.HasPrefix(s, `"`) {
			var ok bool
			if part, s, ok = unquote(s); !ok {
				return nil, errors.New("a double quote is not closed")
			}
			if s != "" && s[0] != '.' {
				return nil, errors.New("unexpected text behind a quoted name")
			}
		} else {
			i := strings.IndexByte(s, '.')
			if i < 0 {
				i = len(s)
			}
			part, s = s[:i], s[i:]
		}
		if part == "" {
			return nil, errors.New("a part of the name is empty")
		}
		parts = append(parts, part)
		if s == "" {
			return parts, nil
		}
		s = s[1:]
	}
}

func unquote(s string) (name, rest string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			b.WriteByte('"')
			i++
			continue
		}
		return b.String(), s[i+1:], true
	}
	return "", "", false
}

// ParseTable reads table, schema.table or database.schema.table; database must be "" or the current one.
func ParseTable(s, database string) (Table, error) {
	parts, err := Parts(s)
	if err != nil {
		return Table{}, err
	}
	switch {
	case len(parts) == 1:
		return Table{"", parts[0]}, nil
	case len(parts) == 2:
		return Table{parts[0], parts[1]}, nil
	case len(parts) == 3 && (database == "" || parts[0] == database):
		return Table{parts[1], parts[2]}, nil
	case len(parts) == 3:
		return Table{}, errors.New("names another database than the connection's: dots separate database, schema and table, so quote a name that holds dots")
	}
	return Table{}, errors.New("has more than three parts: dots separate database, schema and table, so quote a name that holds dots")
}

// SplitTables splits a comma separated list of names in which quotes protect commas.
func SplitTables(list string) ([]Table, error) {
	var tables []Table
	for start, i, quoted := 0, 0, false; i <= len(list); i++ {
		if i < len(list) && list[i] == '"' {
			quoted = !quoted
		}
		if i < len(list) && (quoted || list[i] != ',') {
			continue
		}
		if part := strings.TrimSpace(list[start:i]); part != "" {
			t, err := ParseTable(part, "")
			if err != nil {
				return nil, err
			}
			tables = append(tables, t)
		}
		start = i + 1
	}
	return tables, nil
}
