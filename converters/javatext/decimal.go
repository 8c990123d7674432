// Package javatext prints values as Java's toString methods do.
package javatext

import (
	"strconv"

	"github.com/kurier-io/kurier/plugins/data"
)

// AppendDecimal appends a decimal as BigDecimal.toString prints it: scientific notation for negative scales and for adjusted
// exponents below -6. Numbers of up to eight bytes make no allocation.
func AppendDecimal(dst []byte, v data.Value) []byte {
	raw, scale := v.DecimalBytes()
	var buf [24]byte
	var digits []byte
	if len(raw) <= 8 {
		digits = strconv.AppendInt(buf[:0], smallInt(raw), 10)
	} else {
		i, _ := v.Decimal()
		digits = i.Append(nil, 10)
	}
	if digits[0] == '-' {
		dst = append(dst, '-')
		digits = digits[1:]
	}
	if scale == 0 {
		return append(dst, digits...)
	}
	adjusted := int64(len(digits)-1) - int64(scale)
	if scale > 0 && adjusted >= -6 {
		point := len(digits) - int(scale)
		if point > 0 {
			dst = append(append(dst, digits[:point]...), '.')
			return append(dst, digits[point:]...)
		}
		dst = append(dst, '0', '.')
		for range -point {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(append(dst, '.'), digits[1:]...)
	}
	if adjusted == 0 {
		return dst
	}
	dst = append(dst, 'E')
	if adjusted > 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, adjusted, 10)
}

func smallInt(raw []byte) int64 {
	var n int64
	if len(raw) > 0 && raw[0]&0x80 != 0 {
		n = -1
	}
	for _, b := range raw {
		n = n<<8 | int64(b)
	}
	return n
}
