package data

import (
	"math/big"
	"strconv"
	"strings"
)

// bigToBytes gives Java's BigInteger.toByteArray: minimal two's complement, big endian.
func bigToBytes(i *big.Int) []byte {
	switch i.Sign() {
	case 0:
		return []byte{0}
	case 1:
		b := i.Bytes()
		if b[0]&0x80 != 0 {
			b = append([]byte{0}, b...)
		}
		return b
	}
	n := (i.BitLen() + 8) / 8
	// A power of two such as -128 needs one bit less than its magnitude suggests.
	one := new(big.Int).Lsh(big.NewInt(1), uint(8*n))
	b := new(big.Int).Add(one, i).Bytes()
	for len(b) > 1 && b[0] == 0xff && b[1]&0x80 != 0 {
		b = b[1:]
	}
	return b
}

func bytesToBig(b []byte) *big.Int {
	i := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		i.Sub(i, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return i
}

// ParseDecimal reads plain decimal notation with an optional exponent ("-12.50", "1e3"), keeping the scale as written.
func ParseDecimal(text string) (unscaled *big.Int, scale int32, ok bool) {
	mant, exp := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		e, good := new(big.Int).SetString(strings.TrimPrefix(text[i+1:], "+"), 10)
		if !good || !e.IsInt64() || e.Int64() > 1<<20 || e.Int64() < -(1<<20) {
			return nil, 0, false
		}
		mant, exp = text[:i], int(e.Int64())
	}
	digits, frac := mant, 0
	if i := strings.IndexByte(mant, '.'); i >= 0 {
		digits, frac = mant[:i]+mant[i+1:], len(mant)-i-1
	}
	bare := strings.TrimLeft(digits, "+-")
	if bare == "" || len(digits)-len(bare) > 1 || strings.Trim(bare, "0123456789") != "" {
		return nil, 0, false
	}
	unscaled, ok = new(big.Int).SetString(strings.TrimPrefix(digits, "+"), 10)
	return unscaled, int32(frac - exp), ok
}

// mostZeros bounds what FormatDecimal pads with: a scale from another process must not cost gigabytes.
const mostZeros = 1 << 12

// FormatDecimal prints as Java's BigDecimal.toPlainString; a scale of more than some thousand is printed as an exponent.
func FormatDecimal(unscaled *big.Int, scale int32) string {
	s := unscaled.String()
	if scale == 0 {
		return s
	}
	if scale > mostZeros || scale < -mostZeros {
		return s + "E" + strconv.FormatInt(-int64(scale), 10)
	}
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	switch {
	case scale < 0 && unscaled.Sign() != 0:
		s += strings.Repeat("0", int(-scale))
	case scale > 0:
		if len(s) <= int(scale) {
			s = strings.Repeat("0", int(scale)-len(s)+1) + s
		}
		s = s[:len(s)-int(scale)] + "." + s[len(s)-int(scale):]
	}
	if neg {
		return "-" + s
	}
	return s
}
