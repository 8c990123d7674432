package source

import (
	"regexp"
	"strings"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
)

// resolveMode checks the keys that say which rows are new.
func (s *Settings) resolveMode(p *problems) {
	if s.Mode == "" {
		p.add("mode", "Query mode must be specified: set mode to bulk, incrementing, timestamp or timestamp+incrementing")
	}
	q := s.queryText()
	if s.Query != "" && s.QueryMasked.Reveal() != "" {
		p.add("query", "query and query.masked are both set: remove one of them")
		p.add("query.masked", "query and query.masked are both set: remove one of them")
	}
	if q != "" {
		if !strings.EqualFold(firstWord(q), "select") {
			p.add("query", "Only SELECT queries are supported for 'query': it must begin with SELECT")
		}
		if s.usesIncrementing() && s.Incrementing == "" {
			p.add("incrementing.column.name", "is needed with query in mode %s: name the column of the result that increments", s.Mode)
		}
	}
	if s.usesTimestamp() && len(s.Timestamps) == 0 && len(s.TimestampsMap) == 0 {
		p.add("timestamp.column.name", "is needed in mode %s: name the timestamp column or columns", s.Mode)
	}
	s.incMap = parseMappings(p, "incrementing.column.mapping", s.IncrementingMap)
	s.tsMap = parseMappings(p, "timestamp.columns.mapping", s.TimestampsMap)
}

func firstWord(text string) string {
	if f := strings.Fields(text); len(f) > 0 {
		return f[0]
	}
	return ""
}

// resolveTables checks the table filters: old and new style exclude each other, and a query excludes both.
func (s *Settings) resolveTables(p *problems) {
	s.include = compileAll(p, "table.include.list", s.Include)
	s.exclude = compileAll(p, "table.exclude.list", s.Exclude)
	for _, k := range []struct{ key, list string }{{"table.whitelist", s.Whitelist}, {"table.blacklist", s.Blacklist}} {
		if _, err := ident.SplitTables(k.list); err != nil {
			p.add(k.key, "%v", err)
		}
	}
	oldStyle, newStyle := s.Whitelist != "" || s.Blacklist != "", len(s.Include) > 0 || len(s.Exclude) > 0
	switch {
	case s.queryText() != "" && (oldStyle || newStyle):
		p.add("query", "query may not be combined with whole-table copying settings: remove query, or the table filters")
	case s.Whitelist != "" && s.Blacklist != "":
		p.add("table.whitelist", "table.whitelist and table.blacklist are exclusive: remove one of them")
		p.add("table.blacklist", "table.whitelist and table.blacklist are exclusive: remove one of them")
	case oldStyle && newStyle:
		p.add("table.whitelist", "table.whitelist or table.blacklist cannot be used with table.include.list or table.exclude.list: keep one style")
		p.add("table.include.list", "table.whitelist or table.blacklist cannot be used with table.include.list or table.exclude.list: keep one style")
	case len(s.Exclude) > 0 && len(s.Include) == 0:
		p.add("table.exclude.list", "needs table.include.list, from whose tables it takes away")
	}
	if len(s.IncrementingMap) > 0 && s.Incrementing != "" {
		p.add("incrementing.column.mapping", "cannot be used with incrementing.column.name: keep one of them")
	}
	if len(s.TimestampsMap) > 0 && len(s.Timestamps) > 0 {
		p.add("timestamp.columns.mapping", "cannot be used with timestamp.column.name: keep one of them")
	}
	if (len(s.IncrementingMap) > 0 || len(s.TimestampsMap) > 0) && len(s.Include) == 0 {
		p.add("table.include.list", "is needed with column mappings")
	}
}

func compileAll(p *problems, key string, exprs []string) []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, e := range exprs {
		re, err := compileWhole(e)
		if err != nil {
			p.add(key, "%q is not a regular expression: %v", e, err)
			continue
		}
		out = append(out, re)
	}
	return out
}

func compileWhole(expr string) (*regexp.Regexp, error) { return regexp.Compile(`^(?:` + expr + `)$`) }

// parseMappings reads regex:column and regex:[column1|column2].
func parseMappings(p *problems, key string, list []string) []columnMapping {
	var out []columnMapping
	for _, entry := range list {
		i := strings.LastIndexByte(entry, ':')
		if i <= 0 || i == len(entry)-1 {
			p.add(key, "%q is not of the form regex:column", entry)
			continue
		}
		re, err := compileWhole(entry[:i])
		if err != nil {
			p.add(key, "%q is not a regular expression: %v", entry[:i], err)
			continue
		}
		cols := strings.TrimSuffix(strings.TrimPrefix(entry[i+1:], "["), "]")
		out = append(out, columnMapping{re, strings.Split(cols, "|")})
	}
	return out
}

// columnsOf returns the configured incrementing and timestamp columns of a table.
func (s *Settings) columnsOf(t ident.Table) (incrementing string, timestamps []string) {
	incrementing, timestamps = s.Incrementing, s.Timestamps
	for _, m := range s.incMap {
		if m.table.MatchString(t.String()) {
			incrementing = m.columns[0]
		}
	}
	for _, m := range s.tsMap {
		if m.table.MatchString(t.String()) {
			timestamps = m.columns
		}
	}
	if !s.usesIncrementing() {
		incrementing = ""
	}
	if !s.usesTimestamp() {
		timestamps = nil
	}
	return incrementing, timestamps
}

// selectTables applies the table filters.
func (s *Settings) selectTables(all []ident.Table) []ident.Table {
	var keep func(ident.Table) bool
	switch {
	case s.Whitelist != "":
		list, _ := ident.SplitTables(s.Whitelist) // Checked by resolveTables.
		keep = func(t ident.Table) bool { return named(list, t) }
	case s.Blacklist != "":
		list, _ := ident.SplitTables(s.Blacklist)
		keep = func(t ident.Table) bool { return !named(list, t) }
	case len(s.include) > 0:
		keep = func(t ident.Table) bool { return matches(s.include, t) && !matches(s.exclude, t) }
	default:
		return all
	}
	var out []ident.Table
	for _, t := range all {
		if keep(t) {
			out = append(out, t)
		}
	}
	return out
}

func named(list []ident.Table, t ident.Table) bool {
	for _, e := range list {
		if e.Name == t.Name && (e.Schema == "" || e.Schema == t.Schema) {
			return true
		}
	}
	return false
}

func matches(list []*regexp.Regexp, t ident.Table) bool {
	for _, re := range list {
		if re.MatchString(t.String()) {
			return true
		}
	}
	return false
}
