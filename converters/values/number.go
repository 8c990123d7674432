package values

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"

	"github.com/kurier-io/kurier/plugins/data"
)

// number reads what new BigDecimal reads and finds the smallest type for it. Precision may be lost in a FLOAT32, as in Java. Numbers
// whose scale is beyond ±2^20 are left to be strings: Java makes a Decimal that is expensive to do anything with.
func number(tok string) (result, bool) {
	text, ok := ascii(tok)
	if !ok {
		return result{}, false
	}
	unscaled, scale, ok := data.ParseDecimal(text)
	if !ok || scale > 1<<20 || scale < -(1<<20) {
		return result{}, false
	}
	if i, ok := exactInt(unscaled, scale); ok {
		return integer(i), true
	}
	if scale != 0 {
		if f, _ := strconv.ParseFloat(text, 32); !math.IsInf(f, 0) {
			return result{float32Schema, data.Float32Value(float32(f))}, true
		}
		if f, _ := strconv.ParseFloat(text, 64); !math.IsInf(f, 0) {
			return result{float64Schema, data.Float64Value(f)}, true
		}
	}
	return result{data.DecimalOf(scale).MustBuild(), data.DecimalValue(unscaled, scale)}, true
}

func integer(i int64) result {
	switch {
	case i == int64(int8(i)):
		return result{int8Schema, data.Int8Value(int8(i))}
	case i == int64(int16(i)):
		return result{int16Schema, data.Int16Value(int16(i))}
	case i == int64(int32(i)):
		return result{int32Schema, data.Int32Value(int32(i))}
	}
	return result{int64Schema, data.Int64Value(i)}
}

// ascii checks the form of a number and turns digits of other scripts into ASCII, as Java's BigDecimal does.
func ascii(tok string) (string, bool) {
	plain := strings.IndexFunc(tok, func(r rune) bool { return r > unicode.MaxASCII }) < 0
	if !plain {
		bad := false
		tok = strings.Map(func(r rune) rune {
			if r <= unicode.MaxASCII {
				return r
			}
			d, ok := digit(r)
			bad = bad || !ok
			return '0' + d
		}, tok)
		if bad {
			return "", false
		}
	}
	return tok, strings.Trim(tok, "0123456789+-.eE") == ""
}

// digit returns the value of a decimal digit of any script: they come in runs of ten.
func digit(r rune) (rune, bool) {
	for _, x := range unicode.Nd.R16 {
		if r >= rune(x.Lo) && r <= rune(x.Hi) {
			return (r - rune(x.Lo)) % 10, true
		}
	}
	for _, x := range unicode.Nd.R32 {
		if r >= rune(x.Lo) && r <= rune(x.Hi) {
			return (r - rune(x.Lo)) % 10, true
		}
	}
	return 0, false
}

var ten = big.NewInt(10)

// exactInt returns a number that is integral and fits 64 bits. Powers of ten are never expanded beyond that.
func exactInt(unscaled *big.Int, scale int32) (int64, bool) {
	if unscaled.Sign() == 0 {
		return 0, true
	}
	if scale <= 0 {
		if !unscaled.IsInt64() || scale < -18 {
			return 0, false
		}
		n := new(big.Int).Mul(unscaled, new(big.Int).Exp(ten, big.NewInt(int64(-scale)), nil))
		return n.Int64(), n.IsInt64()
	}
	// Only as many zeros can be stripped as there are digits.
	if int(scale) > unscaled.BitLen() {
		return 0, false
	}
	q, rest := new(big.Int).QuoRem(unscaled, new(big.Int).Exp(ten, big.NewInt(int64(scale)), nil), new(big.Int))
	return q.Int64(), rest.Sign() == 0 && q.IsInt64()
}
