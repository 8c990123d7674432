package transforms

import (
	"encoding/base64"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/converters/values"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

// castValue converts as Java's Cast: numbers by Java's narrowing, texts by Java's parsers.
func (t *cast) castValue(s *data.Schema, v data.Value, to data.Type) (data.Value, error) {
	k := v.Kind()
	switch {
	case k == data.KindNull:
		return v, nil
	case s == nil && (k == data.KindTimestamp || k == data.KindDecimal):
		return v, data.Errorf("Cast transformation was passed a value of type %s which is not supported by Connect's data API", javatext.Class(v))
	case k >= data.KindArray:
		from := map[data.Kind]string{data.KindArray: "ARRAY", data.KindMap: "MAP", data.KindStruct: "STRUCT"}[k]
		return v, data.Errorf("Cast transformation does not support casting from %s; supported types are [%s, BYTES]", from, castable)
	case to == data.String:
		return t.castText(v), nil
	case k == data.KindTimestamp:
		base, err := data.ToBase(s, v)
		if err != nil {
			return v, err
		}
		v, k = base, base.Kind()
	}
	switch k {
	case data.KindBytes:
		return v, data.Errorf("Unexpected type in Cast transformation: %s", javatext.Class(v))
	case data.KindString:
		return castParse(v, to)
	case data.KindFloat32, data.KindFloat64:
		f := v.Float()
		switch to {
		case data.Float32:
			return data.Float32Value(float32(f)), nil
		case data.Float64:
			return data.Float64Value(f), nil
		case data.Int64, data.Boolean:
			return castInt(toInt64(f), to), nil
		}
		return castInt(int64(toInt32(f)), to), nil // to a byte or short by way of int
	case data.KindDecimal:
		return castDecimal(v, to), nil
	}
	n := v.Int()
	if k == data.KindBool {
		n = 0
		if v.Bool() {
			n = 1
		}
	}
	return castInt(n, to), nil
}

// castInt narrows by dropping bits.
func castInt(n int64, to data.Type) data.Value {
	switch to {
	case data.Int8:
		return data.Int8Value(int8(n))
	case data.Int16:
		return data.Int16Value(int16(n))
	case data.Int32:
		return data.Int32Value(int32(n))
	case data.Int64:
		return data.Int64Value(n)
	case data.Float32:
		return data.Float32Value(float32(n))
	case data.Float64:
		return data.Float64Value(float64(n))
	}
	return data.BoolValue(n != 0)
}

// toInt64 and toInt32 are Java's casts: towards zero, saturating, NaN to 0.
func toInt64(f float64) int64 {
	switch {
	case f != f:
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

func toInt32(f float64) int32 {
	switch {
	case f != f:
		return 0
	case f >= math.MaxInt32:
		return math.MaxInt32
	case f <= math.MinInt32:
		return math.MinInt32
	}
	return int32(f)
}

// maxDigits bounds how far a decimal with a negative scale is written out; the low 64 bits of longer ones are 0 anyway.
const maxDigits = 64

// castDecimal is BigDecimal.xxxValue: the low bits of the integral part, or the nearest float.
func castDecimal(v data.Value, to data.Type) data.Value {
	if to == data.Float32 || to == data.Float64 {
		text := string(javatext.AppendDecimal(nil, v))
		if to == data.Float32 {
			f, _ := strconv.ParseFloat(text, 32)
			return data.Float32Value(float32(f))
		}
		f, _ := strconv.ParseFloat(text, 64)
		return data.Float64Value(f)
	}
	n, scale := v.Decimal()
	ten := big.NewInt(10)
	switch {
	case scale < -maxDigits:
		n = new(big.Int)
	case scale < 0:
		n = new(big.Int).Mul(n, ten.Exp(ten, big.NewInt(-int64(scale)), nil))
	case int64(scale) > int64(n.BitLen()): // less than one
		n = new(big.Int)
	case scale > 0:
		n = new(big.Int).Quo(n, ten.Exp(ten, big.NewInt(int64(scale)), nil))
	}
	low := new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64))
	return castInt(int64(low.Uint64()), to)
}

func castParse(v data.Value, to data.Type) (data.Value, error) {
	text := v.Str()
	bits := map[data.Type]int{data.Int8: 8, data.Int16: 16, data.Int32: 32, data.Int64: 64}[to]
	var n int64
	var f float64
	var err error
	switch to {
	case data.Boolean:
		return data.BoolValue(strings.EqualFold(text, "true")), nil
	case data.Float32:
		f, err = javaFloat(text, 32)
	case data.Float64:
		f, err = javaFloat(text, 64)
	default:
		n, err = strconv.ParseInt(text, 10, bits)
	}
	switch {
	case err != nil:
		return v, data.Errorf("Value (%s) was out of range for requested data type", smt.Show(v))
	case to == data.Float32:
		return data.Float32Value(float32(f)), nil
	case to == data.Float64:
		return data.Float64Value(f), nil
	}
	return castInt(n, to), nil
}

// javaFloat is Double.parseDouble: blanks around, a suffix, NaN and Infinity in their exact spelling; what is too large is infinite.
func javaFloat(text string, bits int) (float64, error) {
	text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	bare := strings.TrimLeft(text, "+-")
	if bare == "NaN" || bare == "Infinity" {
		return strconv.ParseFloat(strings.TrimSuffix(text, bare)+bare, bits)
	}
	if n := len(bare); n > 1 && strings.IndexByte("dDfF", bare[n-1]) >= 0 && (!strings.HasPrefix(strings.ToLower(bare), "0x") || strings.ContainsAny(bare, "pP")) {
		text = text[:len(text)-1]
	}
	if strings.Trim(text, "0123456789abcdefABCDEFxXpP+-.") != "" {
		return 0, strconv.ErrSyntax
	}
	f, err := strconv.ParseFloat(text, bits)
	if err != nil && math.IsInf(f, 0) {
		err = nil
	}
	return f, err
}

// castText appends into the slab what toString prints; bytes as Base64, instants as Values does.
func (t *cast) castText(v data.Value) data.Value {
	switch v.Kind() {
	case data.KindString:
		return v
	case data.KindBytes:
		b := v.Bytes()
		return t.slab.Keep(base64.StdEncoding.AppendEncode(t.slab.Text(base64.StdEncoding.EncodedLen(len(b))), b))
	case data.KindTimestamp:
		return t.slab.Keep(values.AppendInstant(t.slab.Text(32), v.Millis()))
	}
	return t.slab.Keep(javatext.Append(t.slab.Text(32), v))
}
