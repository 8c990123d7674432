package sink

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strings"
	"time"

	"github.com/kurier-io/kurier/plugins/data"
)

// An appender writes one value, which is not null and of the right kind, in binary wire form, without its length.
type appender func(dst []byte, v data.Value) ([]byte, error)

// A binding is how the values of a field travel: the element type of the array parameter, its name in SQL, and the encoder.
type binding struct {
	oid     uint32
	sqlType string
	kind    data.Kind
	append  appender
}

func appendInt2(dst []byte, v data.Value) ([]byte, error) {
	return binary.BigEndian.AppendUint16(dst, uint16(v.Int())), nil
}

func appendInt4(dst []byte, v data.Value) ([]byte, error) {
	return binary.BigEndian.AppendUint32(dst, uint32(v.Int())), nil
}

func appendInt8(dst []byte, v data.Value) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, uint64(v.Int())), nil
}

func appendFloat4(dst []byte, v data.Value) ([]byte, error) {
	return binary.BigEndian.AppendUint32(dst, math.Float32bits(v.Float32())), nil
}

func appendFloat8(dst []byte, v data.Value) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(v.Float())), nil
}

func appendBool(dst []byte, v data.Value) ([]byte, error) {
	if v.Bool() {
		return append(dst, 1), nil
	}
	return append(dst, 0), nil
}

func appendRaw(dst []byte, v data.Value) ([]byte, error) { return append(dst, v.Bytes()...), nil }

// PostgreSQL counts from 2000-01-01.
const (
	epochDays   = 10_957
	epochMicros = 946_684_800_000_000
)

// The sentinels of the Java driver for infinity, in milliseconds.
const (
	positiveInfinityMillis = 9_223_372_036_825_200_000
	negativeInfinityMillis = -9_223_372_036_832_400_000
)

// instantAppender writes microseconds: as they are for timestamptz, as wall clock in loc for timestamp.
func instantAppender(loc *time.Location, micros func(data.Value) (int64, error)) appender {
	return func(dst []byte, v data.Value) ([]byte, error) {
		us, err := micros(v)
		if err != nil {
			return dst, err
		}
		if us != math.MaxInt64 && us != math.MinInt64 {
			us += zoneShift(us/1000, loc)*1000 - epochMicros
		}
		return binary.BigEndian.AppendUint64(dst, uint64(us)), nil
	}
}

func millisToMicros(v data.Value) (int64, error) {
	ms := v.Millis()
	switch {
	case ms >= positiveInfinityMillis:
		return math.MaxInt64, nil
	case ms <= negativeInfinityMillis:
		return math.MinInt64, nil
	case ms > math.MaxInt64/1000-epochMicros/1000 || ms < math.MinInt64/1000+epochMicros/1000:
		return 0, data.Errorf("timestamp of %d ms is out of PostgreSQL's range", ms)
	}
	return ms * 1000, nil
}

// zoneShift is the distance of loc from UTC at an instant, in milliseconds.
func zoneShift(ms int64, loc *time.Location) int64 {
	if loc == nil || loc == time.UTC {
		return 0
	}
	_, seconds := time.UnixMilli(ms).In(loc).Zone()
	return int64(seconds) * 1000
}

func dateAppender(loc *time.Location, shift func(days int64) int64) appender {
	return func(dst []byte, v data.Value) ([]byte, error) {
		ms := v.Millis()
		ms += zoneShift(ms, loc)
		days := ms / data.MillisPerDay
		if ms%data.MillisPerDay < 0 {
			days--
		}
		days = shift(days) - epochDays
		if days > math.MaxInt32 || days < math.MinInt32 {
			return dst, data.Errorf("date %d is out of PostgreSQL's range", days)
		}
		return binary.BigEndian.AppendUint32(dst, uint32(int32(days))), nil
	}
}

func timeAppender(loc *time.Location) appender {
	return func(dst []byte, v data.Value) ([]byte, error) {
		ms := v.Millis()
		if shift := zoneShift(ms, loc); shift != 0 {
			ms = ((ms+shift)%data.MillisPerDay + data.MillisPerDay) % data.MillisPerDay
		}
		return binary.BigEndian.AppendUint64(dst, uint64(ms*1000)), nil
	}
}

// appendDecimal writes the wire form of numeric: digits in base 10000, aligned at the decimal point.
func appendDecimal(dst []byte, v data.Value) ([]byte, error) {
	raw, scale := v.DecimalBytes()
	if scale >= 0 && scale <= 0x3fff && len(raw) <= 8 {
		var i int64
		if len(raw) > 0 {
			i = int64(int8(raw[0]))
			for _, b := range raw[1:] {
				i = i<<8 | int64(b)
			}
		}
		u := uint64(i)
		if i < 0 {
			u = -u
		}
		pad := [4]uint64{1, 1000, 100, 10}[scale%4]
		if hi, lo := bits.Mul64(u, pad); hi == 0 {
			return appendDigits(dst, lo, i < 0, int(scale)), nil
		}
	}
	unscaled, _ := v.Decimal()
	if scale < -0x20000 || scale > 0x3fff {
		return dst, data.Errorf("decimal of scale %d is out of PostgreSQL's range", scale)
	}
	return appendPlain(dst, data.FormatDecimal(unscaled, scale), max(0, int(scale)))
}

func appendDigits(dst []byte, u uint64, negative bool, scale int) []byte {
	var groups [6]uint16
	n := 0
	for ; u > 0; u /= 10000 {
		groups[n] = uint16(u % 10000)
		n++
	}
	fraction, low := (scale+3)/4, 0
	for low < n && groups[low] == 0 {
		low++
	}
	dst = appendNumericHeader(dst, n-low, n-fraction-1, negative && n > 0, scale)
	for i := n - 1; i >= low; i-- {
		dst = binary.BigEndian.AppendUint16(dst, groups[i])
	}
	return dst
}

func appendNumericHeader(dst []byte, digits, weight int, negative bool, scale int) []byte {
	sign := uint16(0)
	if negative {
		sign = 0x4000
	}
	if digits == 0 {
		weight = 0
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(digits))
	dst = binary.BigEndian.AppendUint16(dst, uint16(int16(weight)))
	dst = binary.BigEndian.AppendUint16(dst, sign)
	return binary.BigEndian.AppendUint16(dst, uint16(scale))
}

// appendPlain takes a decimal in plain notation.
func appendPlain(dst []byte, text string, scale int) ([]byte, error) {
	negative := strings.HasPrefix(text, "-")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	whole = strings.TrimLeft(whole, "0")
	whole = strings.Repeat("0", (4-len(whole)%4)%4) + whole
	fraction += strings.Repeat("0", (4-len(fraction)%4)%4)
	weight := len(whole)/4 - 1
	digits := whole + fraction
	for strings.HasSuffix(digits, "0000") {
		digits = digits[:len(digits)-4]
	}
	for strings.HasPrefix(digits, "0000") {
		digits, weight = digits[4:], weight-1
	}
	if weight > math.MaxInt16 || len(digits)/4 > math.MaxInt16 {
		return dst, data.Errorf("decimal of %d digits is out of PostgreSQL's range", len(digits))
	}
	dst = appendNumericHeader(dst, len(digits)/4, weight, negative && digits != "", scale)
	for i := 0; i < len(digits); i += 4 {
		d := uint16(digits[i]-'0')*1000 + uint16(digits[i+1]-'0')*100 + uint16(digits[i+2]-'0')*10 + uint16(digits[i+3]-'0')
		dst = binary.BigEndian.AppendUint16(dst, d)
	}
	return dst, nil
}
