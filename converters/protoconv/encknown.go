package protoconv

import (
	"math/big"

	"github.com/kurier-io/kurier/plugins/data"
)

// appendTimestamp writes google.protobuf.Timestamp: seconds, and nanoseconds from there on.
func appendTimestamp(dst []byte, ms int64) []byte {
	seconds, rest := ms/1000, ms%1000
	if rest < 0 {
		seconds, rest = seconds-1, rest+1000
	}
	dst, at := open(dst)
	if seconds != 0 {
		dst = appendVarint(append(dst, 1<<3), uint64(seconds))
	}
	if rest != 0 {
		dst = appendVarint(append(dst, 2<<3), uint64(rest)*1_000_000)
	}
	return closeLength(dst, at)
}

// appendDate writes google.type.Date.
func (p *enc) appendDate(dst []byte, v data.Value) ([]byte, error) {
	base, err := data.ToBase(p.schema, v)
	if err != nil {
		return dst, err
	}
	year, month, day := civil(base.Int())
	if year < 1 || year > 9999 {
		return dst, data.Errorf("the year %d does not fit google.type.Date, which takes 1 to 9999", year)
	}
	dst, at := open(dst)
	dst = appendVarint(append(dst, 1<<3), uint64(year))
	dst = append(dst, 2<<3, byte(month), 3<<3, byte(day))
	return closeLength(dst, at), nil
}

// appendTime writes google.type.TimeOfDay.
func (p *enc) appendTime(dst []byte, v data.Value) ([]byte, error) {
	base, err := data.ToBase(p.schema, v)
	if err != nil {
		return dst, err
	}
	ms := base.Int()
	dst, at := open(dst)
	for i, n := range [...]int64{ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000 * 1_000_000} {
		if n != 0 {
			dst = appendVarint(append(dst, byte(i+1)<<3), uint64(n))
		}
	}
	return closeLength(dst, at), nil
}

// appendDecimal writes confluent.type.Decimal: the unscaled value in as few bytes as Java's BigInteger, its number of digits, and the scale.
func appendDecimal(dst []byte, v data.Value) []byte {
	raw, scale := v.DecimalBytes()
	for len(raw) > 1 && (raw[0] == 0 && raw[1] < 0x80 || raw[0] == 0xff && raw[1] >= 0x80) {
		raw = raw[1:]
	}
	dst, at := open(dst)
	if len(raw) == 0 {
		dst = append(dst, 1<<3|2, 1, 0)
	} else {
		dst = append(appendVarint(append(dst, 1<<3|2), uint64(len(raw))), raw...)
	}
	dst = appendVarint(append(dst, 2<<3), uint64(digits(raw)))
	if scale != 0 {
		dst = appendVarint(append(dst, 3<<3), uint64(int64(scale)))
	}
	return closeLength(dst, at)
}

// digits counts the decimal digits of a number in two's complement; zero has one.
func digits(raw []byte) int {
	if len(raw) > 8 {
		n, _ := data.DecimalBytesValue(raw, 0).Decimal()
		return len(new(big.Int).Abs(n).String())
	}
	var n int64
	if len(raw) > 0 && raw[0] >= 0x80 {
		n = -1
	}
	for _, c := range raw {
		n = n<<8 | int64(c)
	}
	u := uint64(n)
	if n < 0 {
		u = -u
	}
	count := 1
	for ; u >= 10; u /= 10 {
		count++
	}
	return count
}

const (
	daysPerEra = 146097 // 400 years
	epochShift = 719468 // days from 0000-03-01 to 1970-01-01
)

// civil returns the day in the proleptic Gregorian calendar, days after 1970-01-01. Years are counted from March within.
func civil(days int64) (year, month, day int64) {
	days += epochShift
	era := days / daysPerEra
	if days < 0 {
		era = (days - daysPerEra + 1) / daysPerEra
	}
	doe := days - era*daysPerEra
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day, month = doy-(153*mp+2)/5+1, mp+3
	year = yoe + era*400
	if month > 12 {
		month, year = month-12, year+1
	}
	return year, month, day
}

// epochDays is the inverse of civil.
func epochDays(year, month, day int64) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	if year < 0 {
		era = (year - 399) / 400
	}
	yoe := year - era*400
	doy := (153*(month-3)+2)/5 + day - 1
	return era*daysPerEra + yoe*365 + yoe/4 - yoe/100 + doy - epochShift
}
