package source

import (
	"strconv"
	"strings"
	"time"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
)

// A criterion says which rows of a table or query are new, in SQL. The shapes are those of the JDBC source.
type criterion struct {
	id         string   // incrementing column, "" for none
	timestamps []string // timestamp columns, the first that is not null decides
}

// statement is one SELECT in the making.
type statement struct {
	quote  ident.Quoting
	table  ident.Table // zero in query mode
	query  string
	suffix string
	criterion
}

func (s *statement) base() string {
	if s.query != "" {
		return s.query
	}
	return "SELECT * FROM " + s.quote.Table(s.table)
}

func (s *statement) column(name string) string {
	if s.query != "" {
		return s.quote.Quote(name)
	}
	return s.quote.Table(s.table) + "." + s.quote.Quote(name)
}

func (s *statement) timestamp() string {
	if len(s.timestamps) == 1 {
		return s.column(s.timestamps[0])
	}
	cols := make([]string, len(s.timestamps))
	for i, c := range s.timestamps {
		cols[i] = s.column(c)
	}
	return "COALESCE(" + strings.Join(cols, ",") + ")"
}

// sql returns the text; its parameters are those of [statement.params].
func (s *statement) sql() string {
	out := s.base()
	switch {
	case s.id != "" && len(s.timestamps) > 0:
		ts, id := s.timestamp(), s.column(s.id)
		out += " WHERE " + ts + " < $1 AND ((" + ts + " = $2 AND " + id + " > $3) OR " + ts + " > $4) ORDER BY " + ts + "," + id + " ASC"
	case s.id != "":
		id := s.column(s.id)
		out += " WHERE " + id + " > $1 ORDER BY " + id + " ASC"
	case len(s.timestamps) > 0:
		ts := s.timestamp()
		out += " WHERE " + ts + " > $1 AND " + ts + " < $2 ORDER BY " + ts + " ASC"
	}
	if s.suffix != "" {
		out += " " + s.suffix
	}
	return out
}

// params returns the parameters in text form, whose types the server infers from the columns. until is the upper bound in microseconds.
func (s *statement) params(from position, until int64, loc *time.Location) [][]byte {
	id := []byte(strconv.FormatInt(from.id, 10))
	switch {
	case s.id != "" && len(s.timestamps) > 0:
		low := instant(from.micros, loc)
		return [][]byte{instant(until, loc), low, id, low}
	case s.id != "":
		return [][]byte{id}
	case len(s.timestamps) > 0:
		return [][]byte{instant(from.micros, loc), instant(until, loc)}
	}
	return nil
}

// instant is read as wall clock by a timestamp column, which ignores the zone, and as the instant by a timestamptz column.
func instant(us int64, loc *time.Location) []byte {
	return time.UnixMicro(us).In(loc).AppendFormat(nil, "2006-01-02 15:04:05.000000-07:00:00")
}
