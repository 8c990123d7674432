package transforms

import (
	"math"

	"github.com/kurier-io/kurier/plugins/data"
)

// A form is a representation of instants that TimestampConverter knows.
type form uint8

const (
	stringForm form = iota
	unixForm
	dateForm
	timeForm
	timestampForm
)

var formOf = map[string]form{"string": stringForm, "unix": unixForm, "Date": dateForm, "Time": timeForm, "Timestamp": timestampForm}

func (f form) schema(optional bool) *data.Schema {
	b := data.TimestampOf()
	switch f {
	case stringForm:
		b = data.Of(data.String)
	case unixForm:
		b = data.Of(data.Int64)
	case dateForm:
		b = data.DateOf()
	case timeForm:
		b = data.TimeOf()
	}
	if optional {
		b.Optional()
	}
	return b.MustBuild()
}

func formOfSchema(s *data.Schema) (form, error) {
	switch s.Logical() {
	case data.LogicalTimestamp:
		return timestampForm, nil
	case data.LogicalDate:
		return dateForm, nil
	case data.LogicalTime:
		return timeForm, nil
	}
	switch s.Type() {
	case data.String:
		return stringForm, nil
	case data.Int64:
		return unixForm, nil
	}
	return 0, data.Errorf("Schema %s does not correspond to a known timestamp type format", s)
}

// A unit scales Unix time as java.util.concurrent.TimeUnit: towards zero, and saturating.
type unit struct{ perMilli, millis int64 } // one of them is 1

var units = map[string]unit{
	"nanoseconds": {1_000_000, 1}, "microseconds": {1000, 1}, "milliseconds": {1, 1}, "seconds": {1, 1000},
}

func (u unit) toMillis(n int64) int64 { return saturating(n/u.perMilli, u.millis) }

func (u unit) fromMillis(ms int64) int64 { return saturating(ms/u.millis, u.perMilli) }

func saturating(n, factor int64) int64 {
	switch {
	case n > math.MaxInt64/factor:
		return math.MaxInt64
	case n < math.MinInt64/factor:
		return math.MinInt64
	}
	return n * factor
}
