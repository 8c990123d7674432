package pgtype

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"math/bits"
	"strconv"

	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/data/debezium"
)

// The wire form of numeric (numeric_send in src/backend/utils/adt/numeric.c): digit count, weight of the first digit, sign, display
// scale, and the digits in base 10000; the value is Σ digit[i] × 10000^(weight-i).
type numeric struct {
	weight, dscale int
	sign           uint16
	digits         []byte
}

const (
	numericNegative = 0x4000
	numericNaN      = 0xC000
	numericPosInf   = 0xD000
	numericNegInf   = 0xF000
)

var (
	errNotFinite = errors.New("numeric NaN or Infinity has no form in Connect's Decimal and integers: filter such rows, or map the column to text or double")
	errWire      = errors.New("malformed value on the wire")
)

func parseNumeric(w []byte) (numeric, error) {
	if len(w) < 8 {
		return numeric{}, errWire
	}
	n := numeric{
		weight: int(int16(binary.BigEndian.Uint16(w[2:]))), sign: binary.BigEndian.Uint16(w[4:]),
		dscale: int(binary.BigEndian.Uint16(w[6:])), digits: w[8:],
	}
	if len(n.digits) != 2*int(binary.BigEndian.Uint16(w)) || n.dscale > 0x3fff {
		return numeric{}, errWire
	}
	switch n.sign {
	case 0, numericNegative, numericNaN, numericPosInf, numericNegInf:
	default:
		return numeric{}, errWire
	}
	for i := 0; i < len(n.digits); i += 2 {
		if binary.BigEndian.Uint16(n.digits[i:]) > 9999 {
			return numeric{}, errWire
		}
	}
	return n, nil
}

func (n *numeric) finite() bool { return n.sign == 0 || n.sign == numericNegative }

// exponent is that of the digits taken as one integer.
func (n *numeric) exponent() int { return 4 * (n.weight - len(n.digits)/2 + 1) }

var pow10 = func() (p [19]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

// small returns value × 10^scale if that is an integer in int64 range that takes no wide arithmetic.
func (n *numeric) small(scale int) (int64, bool) {
	if len(n.digits) > 8 {
		return 0, false
	}
	var u uint64
	for i := 0; i < len(n.digits); i += 2 {
		u = u*10000 + uint64(binary.BigEndian.Uint16(n.digits[i:]))
	}
	exp := n.exponent() + scale
	switch {
	case u == 0:
		return 0, true
	case exp >= 0:
		if exp >= len(pow10) {
			return 0, false
		}
		hi, lo := bits.Mul64(u, pow10[exp])
		if hi != 0 || lo > math.MaxInt64 {
			return 0, false
		}
		u = lo
	default:
		if -exp >= len(pow10) || u%pow10[-exp] != 0 {
			return 0, false
		}
		u /= pow10[-exp]
	}
	if n.sign == numericNegative {
		return -int64(u), true
	}
	return int64(u), true
}

// maxExponent bounds the work that a malformed value can cause; PostgreSQL has at most 131072 digits before the point.
const maxExponent = 200_000

// unscaled returns value × 10^scale; exact is false when that has a fraction, which is cut.
func (n *numeric) unscaled(scale int) (v *big.Int, exact bool, err error) {
	exp := n.exponent() + scale
	if exp > maxExponent || exp < -maxExponent {
		return nil, false, errWire
	}
	text := make([]byte, 0, 2*len(n.digits)+1)
	text = append(text, '0')
	for i := 0; i < len(n.digits); i += 2 {
		d := binary.BigEndian.Uint16(n.digits[i:])
		text = append(text, byte('0'+d/1000), byte('0'+d/100%10), byte('0'+d/10%10), byte('0'+d%10))
	}
	v, ok := new(big.Int).SetString(string(text), 10)
	if !ok {
		return nil, false, errWire
	}
	exact = true
	ten := big.NewInt(10)
	if exp >= 0 {
		v.Mul(v, ten.Exp(ten, big.NewInt(int64(exp)), nil))
	} else {
		rest := new(big.Int)
		v.QuoRem(v, ten.Exp(ten, big.NewInt(int64(-exp)), nil), rest)
		exact = rest.Sign() == 0
	}
	if n.sign == numericNegative {
		v.Neg(v)
	}
	return v, exact, nil
}

// decimalDecoder writes Connect Decimals of one scale.
func decimalDecoder(scale int32) decoder {
	scratch := make([]byte, 0, 8)
	return func(e *data.RowEncoder, w []byte) error {
		n, err := parseNumeric(w)
		if err != nil {
			return err
		}
		if !n.finite() {
			return errNotFinite
		}
		if i, ok := n.small(int(scale)); ok {
			scratch = appendMinimal(scratch[:0], i)
			return e.Value(data.DecimalBytesValue(scratch, scale))
		}
		v, exact, err := n.unscaled(int(scale))
		if err != nil {
			return err
		}
		if !exact {
			return data.Errorf("numeric has more than %d digits after the point", scale)
		}
		return e.Value(data.DecimalValue(v, scale))
	}
}

// appendMinimal writes two's complement without superfluous leading bytes, as Java's BigInteger does.
func appendMinimal(dst []byte, i int64) []byte {
	n := 8
	for n > 1 {
		if top := i >> (8*n - 9); top != 0 && top != -1 {
			break
		}
		n--
	}
	for n--; n >= 0; n-- {
		dst = append(dst, byte(i>>(8*n)))
	}
	return dst
}

func numericIntDecoder(bitSize int) decoder {
	return func(e *data.RowEncoder, w []byte) error {
		n, err := parseNumeric(w)
		if err != nil {
			return err
		}
		if !n.finite() {
			return errNotFinite
		}
		i, ok := n.small(0)
		if !ok {
			v, _, err := n.unscaled(0)
			if err != nil {
				return err
			}
			if !v.IsInt64() {
				return errNumericRange
			}
			i = v.Int64()
		}
		if shift := 64 - bitSize; i<<shift>>shift != i {
			return errNumericRange
		}
		switch bitSize {
		case 8:
			e.Uint8(byte(i))
		case 16:
			e.Uint16(uint16(i))
		case 32:
			e.Uint32(uint32(i))
		default:
			e.Uint64(uint64(i))
		}
		return nil
	}
}

var errNumericRange = errors.New("numeric is out of the range of the integer that its precision stands for")

func decodeNumericFloat(e *data.RowEncoder, w []byte) error {
	f, err := numericFloat(w)
	if err != nil {
		return err
	}
	e.Float64(f)
	return nil
}

func numericFloat(w []byte) (float64, error) {
	n, err := parseNumeric(w)
	if err != nil {
		return 0, err
	}
	switch n.sign {
	case numericNaN:
		return math.NaN(), nil
	case numericPosInf:
		return math.Inf(1), nil
	case numericNegInf:
		return math.Inf(-1), nil
	}
	// Up to 2^53 over a power of ten below 10^22 one division rounds correctly.
	if n.dscale < len(pow10) {
		if i, ok := n.small(n.dscale); ok && i > -1<<53 && i < 1<<53 {
			return float64(i) / float64(pow10[n.dscale]), nil
		}
	}
	v, _, err := n.unscaled(n.dscale)
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(data.FormatDecimal(v, int32(n.dscale)), 64)
	if errors.Is(err, strconv.ErrRange) {
		err = nil // As Java's parseDouble: ±Infinity.
	}
	return f, err
}

// variableScale is Debezium's struct for numbers without a fixed scale.
func variableScale() *mapped {
	inner := debezium.VariableScaleDecimal().MustBuild()
	return &mapped{debezium.VariableScaleDecimal(), func(e *data.RowEncoder, w []byte) error {
		v, err := variableScaleValue(inner, w)
		if err != nil {
			return err
		}
		return e.Value(v)
	}, 1}
}

func variableScaleValue(s *data.Schema, w []byte) (data.Value, error) {
	n, err := parseNumeric(w)
	if err != nil {
		return data.Value{}, err
	}
	if !n.finite() {
		return data.Value{}, errNotFinite
	}
	v, _, err := n.unscaled(n.dscale)
	if err != nil {
		return data.Value{}, err
	}
	return debezium.VariableScaleDecimalValue(s, v, int32(n.dscale)), nil
}

// NumericInt64 reads a numeric from the wire that is an integer in range.
func NumericInt64(w []byte) (int64, bool) {
	n, err := parseNumeric(w)
	if err != nil || !n.finite() {
		return 0, false
	}
	if i, ok := n.small(0); ok {
		return i, true
	}
	v, exact, err := n.unscaled(0)
	if err != nil || !exact || !v.IsInt64() {
		return 0, false
	}
	return v.Int64(), true
}

// IsInteger reports whether a type can be an incrementing column.
func IsInteger(oid uint32) bool {
	return oid == oidInt2 || oid == oidInt4 || oid == oidInt8 || oid == oidOID || oid == oidNumeric
}
