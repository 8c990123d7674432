package jsontext

import (
	"math"
	"math/big"
	"strconv"
	"unsafe"

	"github.com/kurier-io/kurier/plugins/data"
)

// Integer returns the low 64 bits of an integral number, as BigInteger.longValue, and whether that is all of it.
func Integer(text []byte) (n int64, exact bool) {
	neg := text[0] == '-'
	if neg {
		text = text[1:]
	}
	for len(text) > 1 && text[0] == '0' {
		text = text[1:]
	}
	var u uint64
	for _, c := range text {
		u = u*10 + uint64(c-'0')
	}
	exact = len(text) < 19
	if !exact {
		limit := "9223372036854775807"
		if neg {
			limit = "9223372036854775808"
		}
		exact = len(text) == 19 && string(text) <= limit
	}
	if neg {
		u = -u
	}
	return int64(u), exact
}

// Truncate returns the low 64 bits of the integral part of a number with a fraction or exponent, as BigDecimal.longValue. The digits
// are never expanded, so a huge exponent costs nothing.
func Truncate(text []byte) int64 {
	neg := text[0] == '-'
	if neg {
		text = text[1:]
	}
	mant, exp := text, 0
	for i, c := range text {
		if c|0x20 == 'e' {
			mant = text[:i]
			e := text[i+1:]
			minus := e[0] == '-'
			for _, c := range e {
				if c-'0' <= 9 && exp < 1<<24 {
					exp = exp*10 + int(c-'0')
				}
			}
			if minus {
				exp = -exp
			}
			break
		}
	}
	point := len(mant)
	for i, c := range mant {
		if c == '.' {
			point = i
		}
	}
	left := point + exp // how many digits are integral
	var u uint64
	for _, c := range mant {
		if c == '.' {
			continue
		}
		if left <= 0 {
			break
		}
		left--
		u = u*10 + uint64(c-'0')
	}
	for range min(left, 64) { // 10^64 is 0 modulo 2^64
		u *= 10
	}
	if neg {
		u = -u
	}
	return int64(u)
}

// Float returns the nearest float of the given size; zero has no sign, since Jackson goes through BigDecimal.
func Float(text []byte, bits int) float64 {
	f, _ := strconv.ParseFloat(unsafe.String(unsafe.SliceData(text), len(text)), bits)
	if f == 0 {
		return 0
	}
	return f
}

// Decimal returns a number with the scale as written; ok is false if that has more than 32 bits.
func Decimal(text []byte) (v data.Value, ok bool) {
	if n, exact := integerText(text); exact {
		return data.DecimalValue(big.NewInt(n), 0), true
	}
	unscaled, scale, ok := data.ParseDecimal(string(text))
	if !ok {
		return data.Value{}, false
	}
	return data.DecimalValue(unscaled, scale), true
}

func integerText(text []byte) (int64, bool) {
	for _, c := range text {
		if c != '-' && c-'0' > 9 {
			return 0, false
		}
	}
	return Integer(text)
}

// AppendFloat appends a float as Java prints it; what JSON has no number for is a string.
func AppendFloat(dst []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(data.AppendFloat(append(dst, '"'), f, bits), '"')
	}
	return data.AppendFloat(dst, f, bits)
}
