package pgtype

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/kurier-io/kurier/plugins/data"
)

// PostgreSQL counts from 2000-01-01.
const (
	epochDays   = 10_957
	epochMicros = 946_684_800_000_000
	microsDay   = 86_400_000_000
)

// What the Java driver makes of timestamp 'infinity' and '-infinity', in milliseconds.
const (
	positiveInfinityMillis = 9_223_372_036_825_200_000
	negativeInfinityMillis = -9_223_372_036_832_400_000
)

var errDateInfinity = errors.New("date infinity has no form in Connect's Date: filter such rows, or cast the column to text in a query")

func (o Options) location() *time.Location {
	if o.Location == nil {
		return time.UTC
	}
	return o.Location
}

// gregorianStart is 1582-10-15 in days since 1970, where Java's calendar changes from Julian to Gregorian.
const gregorianStart = -141_427

// hybridDays moves a day before the Gregorian calendar to where java.util.GregorianCalendar has the same date.
func hybridDays(days int64) int64 {
	if days >= gregorianStart {
		return days
	}
	y, m, d := time.Unix(days*86400, 0).UTC().Date()
	// Julian day number of a date in the Julian calendar; 2440588 is that of 1970-01-01.
	a := int64(14-int(m)) / 12
	yy, mm := int64(y)+4800-a, int64(m)+12*a-3
	return int64(d) + (153*mm+2)/5 + 365*yy + floorDiv(yy, 4) - 32083 - 2_440_588
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func dateDecoder(o Options) decoder {
	return func(e *data.RowEncoder, w []byte) error {
		ms, err := dateMillis(w, o.Proleptic)
		if err != nil {
			return err
		}
		e.Uint64(uint64(ms))
		return nil
	}
}

func dateMillis(w []byte, proleptic bool) (int64, error) {
	if len(w) != 4 {
		return 0, errWire
	}
	d := int32(binary.BigEndian.Uint32(w))
	if d == math.MaxInt32 || d == math.MinInt32 {
		return 0, errDateInfinity
	}
	days := int64(d) + epochDays
	if !proleptic {
		days = hybridDays(days)
	}
	return days * data.MillisPerDay, nil
}

func decodeTime(e *data.RowEncoder, w []byte) error {
	if len(w) != 8 {
		return errWire
	}
	e.Uint64(binary.BigEndian.Uint64(w) / 1000)
	return nil
}

// decodeTimeTZ gives the time of day in UTC; the wire has the zone in seconds west.
func decodeTimeTZ(e *data.RowEncoder, w []byte) error {
	ms, err := timeTZMillis(w)
	if err == nil {
		e.Uint64(uint64(ms))
	}
	return err
}

func timeTZMillis(w []byte) (int64, error) {
	if len(w) != 12 {
		return 0, errWire
	}
	us := int64(binary.BigEndian.Uint64(w)) + int64(int32(binary.BigEndian.Uint32(w[8:])))*1_000_000
	return (us%microsDay + microsDay) % microsDay / 1000, nil
}

// Micros reads a timestamp, timestamptz or date from the wire: microseconds since 1970, wall clock times taken in loc. ok is false for infinity.
func Micros(oid uint32, w []byte, loc *time.Location) (us int64, ok bool, err error) {
	switch {
	case oid == oidDate && len(w) == 4:
		d := int32(binary.BigEndian.Uint32(w))
		us = (int64(d) + epochDays) * microsDay
		return wallToInstant(us, loc), d != math.MaxInt32 && d != math.MinInt32, nil
	case (oid == oidTimestamp || oid == oidTimestampTZ) && len(w) == 8:
		raw := int64(binary.BigEndian.Uint64(w))
		if raw == math.MaxInt64 || raw == math.MinInt64 {
			return raw, false, nil
		}
		us = raw + epochMicros
		if oid == oidTimestamp {
			us = wallToInstant(us, loc)
		}
		return us, true, nil
	}
	return 0, false, errWire
}

// IsInstant reports whether [Micros] reads the type.
func IsInstant(oid uint32) bool {
	return oid == oidDate || oid == oidTimestamp || oid == oidTimestampTZ
}

func wallToInstant(us int64, loc *time.Location) int64 {
	if loc == nil || loc == time.UTC {
		return us
	}
	t := time.UnixMicro(us).UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), loc).UnixMicro()
}

// readInstant returns the microseconds since 1970 in Java's calendar; sign is ±1 for ±infinity. A nil loc means timestamptz.
func readInstant(w []byte, loc *time.Location, proleptic bool) (us int64, sign int, err error) {
	if len(w) != 8 {
		return 0, 0, errWire
	}
	raw := int64(binary.BigEndian.Uint64(w))
	switch raw {
	case math.MaxInt64:
		return 0, 1, nil
	case math.MinInt64:
		return 0, -1, nil
	}
	us = raw + epochMicros
	if !proleptic && us < gregorianStart*microsDay {
		day := floorDiv(us, microsDay)
		us += (hybridDays(day) - day) * microsDay
	}
	return wallToInstant(us, loc), 0, nil
}

func timestampMillis(w []byte, loc *time.Location, proleptic bool) (int64, error) {
	us, sign, err := readInstant(w, loc, proleptic)
	switch {
	case err != nil:
		return 0, err
	case sign > 0:
		return positiveInfinityMillis, nil
	case sign < 0:
		return negativeInfinityMillis, nil
	}
	return floorDiv(us, 1000), nil
}

func mapTimestamp(o Options, loc *time.Location) *mapped {
	switch o.Granularity {
	case "micros_long", "nanos_long":
		return binaryAs(data.Int64, func(e *data.RowEncoder, w []byte) error {
			n, err := scaled(w, loc, o)
			if err == nil {
				e.Uint64(uint64(n))
			}
			return err
		})
	case "micros_string", "nanos_string":
		var buf [20]byte
		return binaryAs(data.String, func(e *data.RowEncoder, w []byte) error {
			n, err := scaled(w, loc, o)
			if err == nil {
				e.Bytes(strconv.AppendInt(buf[:0], n, 10))
			}
			return err
		})
	case "micros_iso_datetime_string", "nanos_iso_datetime_string":
		return isoTimestamp(o, loc)
	}
	return &mapped{data.TimestampOf(), func(e *data.RowEncoder, w []byte) error {
		ms, err := timestampMillis(w, loc, o.Proleptic)
		if err == nil {
			e.Uint64(uint64(ms))
		}
		return err
	}, 1}
}

// scaled counts micros or nanos; what is out of range, infinity included, is the end of the range.
func scaled(w []byte, loc *time.Location, o Options) (int64, error) {
	us, sign, err := readInstant(w, loc, o.Proleptic)
	switch {
	case err != nil:
		return 0, err
	case sign > 0:
		return math.MaxInt64, nil
	case sign < 0:
		return math.MinInt64, nil
	case o.Granularity == "micros_long" || o.Granularity == "micros_string":
		return us, nil
	case us > math.MaxInt64/1000:
		return math.MaxInt64, nil
	case us < math.MinInt64/1000:
		return math.MinInt64, nil
	}
	return us * 1000, nil
}

func isoTimestamp(o Options, loc *time.Location) *mapped {
	layout := "2006-01-02T15:04:05.000000"
	if o.Granularity == "nanos_iso_datetime_string" {
		layout = "2006-01-02T15:04:05.000000000"
	}
	shown := o.location()
	var buf [40]byte
	return binaryAs(data.String, func(e *data.RowEncoder, w []byte) error {
		us, sign, err := readInstant(w, loc, o.Proleptic)
		if err != nil {
			return err
		}
		if sign != 0 {
			ms := int64(positiveInfinityMillis)
			if sign < 0 {
				ms = negativeInfinityMillis
			}
			e.Bytes(time.UnixMilli(ms).UTC().AppendFormat(buf[:0], layout))
			return nil
		}
		e.Bytes(time.UnixMicro(us).In(shown).AppendFormat(buf[:0], layout))
		return nil
	})
}

// ProlepticDays is the inverse of the mapping of days to Java's calendar: a day of the Julian calendar before 1582-10-15 becomes the
// day of the same date in PostgreSQL's.
func ProlepticDays(days int64) int64 {
	if days >= gregorianStart {
		return days
	}
	// Date of a Julian day number in the Julian calendar.
	c := days + 2_440_588 + 32082
	d := floorDiv(4*c+3, 1461)
	e := c - floorDiv(1461*d, 4)
	m := (5*e + 2) / 153
	day, month, year := e-(153*m+2)/5+1, m+3-12*(m/10), d-4800+m/10
	return time.Date(int(year), time.Month(month), int(day), 0, 0, 0, 0, time.UTC).Unix() / 86400
}
