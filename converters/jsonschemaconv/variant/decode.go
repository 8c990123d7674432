package variant

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

var errMalformed = errors.New("the bytes are no Variant")

// AppendJSON writes a Variant as JSON: dates, times and UUIDs as text, binary as Base64.
func AppendJSON(dst, metadata, value []byte) ([]byte, error) {
	d := decoder{budget: len(value)}
	if err := d.dictionary(metadata); err != nil {
		return dst, err
	}
	return d.value(dst, value, 0)
}

type decoder struct {
	width  int
	count  int
	spans  []byte // offsets of names
	names  []byte
	budget int // every value has a byte of its own: lists that name one value many times have more than bytes
}

// number reads an unsigned number.
func number(b []byte, at, width int) (int, error) {
	if at < 0 || at+width > len(b) {
		return 0, errMalformed
	}
	n := 0
	for i := width - 1; i >= 0; i-- {
		n = n<<8 | int(b[at+i])
	}
	if n > math.MaxInt32 {
		return 0, errMalformed
	}
	return n, nil
}

func (d *decoder) dictionary(b []byte) (err error) {
	if len(b) == 0 || b[0]&15 != version {
		return errMalformed
	}
	d.width = int(b[0]>>6) + 1
	if d.count, err = number(b, 1, d.width); err != nil {
		return err
	}
	if d.count > len(b) {
		return errMalformed
	}
	from := 1 + d.width
	to := from + (d.count+1)*d.width
	if to > len(b) {
		return errMalformed
	}
	d.spans, d.names = b[from:to], b[to:]
	return nil
}

func (d *decoder) name(id int) (string, error) {
	if id >= d.count {
		return "", errMalformed
	}
	from, err := number(d.spans, id*d.width, d.width)
	if err != nil {
		return "", err
	}
	to, err := number(d.spans, (id+1)*d.width, d.width)
	if err != nil || from > to || to > len(d.names) {
		return "", errMalformed
	}
	return string(d.names[from:to]), nil
}

func (d *decoder) value(dst, b []byte, depth int) ([]byte, error) {
	if d.budget--; d.budget < 0 || len(b) == 0 {
		return dst, errMalformed
	}
	if depth > deepest {
		return dst, fmt.Errorf("the Variant nests more than %d levels", deepest)
	}
	head := b[0] >> 2
	switch b[0] & 3 {
	case shortString:
		if int(head) > len(b)-1 {
			return dst, errMalformed
		}
		return jsontext.AppendString(dst, string(b[1:1+head])), nil
	case object:
		return d.nested(dst, b, '{', head>>4&1, int(head>>2&3)+1, int(head&3)+1, depth)
	case array:
		return d.nested(dst, b, '[', head>>2&1, 0, int(head&3)+1, depth)
	}
	return d.primitive(dst, head, b[1:])
}

func (d *decoder) nested(dst, b []byte, c, large byte, id, offset, depth int) ([]byte, error) {
	width := 1 + 3*int(large)
	count, err := number(b, 1, width)
	if err != nil || count > len(b) {
		return dst, errMalformed
	}
	ids := 1 + width
	offsets := ids + count*id
	values := offsets + (count+1)*offset
	if values > len(b) {
		return dst, errMalformed
	}
	dst = append(dst, c)
	for i := range count {
		if i > 0 {
			dst = append(dst, ',')
		}
		if c == '{' {
			n, err := number(b, ids+i*id, id)
			if err != nil {
				return dst, err
			}
			name, err := d.name(n)
			if err != nil {
				return dst, err
			}
			dst = append(jsontext.AppendString(dst, name), ':')
		}
		from, err := number(b, offsets+i*offset, offset)
		if err != nil || from > len(b)-values {
			return dst, errMalformed
		}
		if dst, err = d.value(dst, b[values+from:], depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, c+2), nil
}

var sizes = [...]int{
	typeNull: 0, typeTrue: 0, typeFalse: 0, typeInt8: 1, typeInt16: 2, typeInt32: 4, typeInt64: 8, typeDouble: 8, typeDecimal4: 5, typeDecimal8: 9,
	typeDecimal16: 17, typeDate: 4, typeTimestamp: 8, typeTimestampNTZ: 8, typeFloat: 4, typeBinary: 4, typeString: 4, typeTimeNTZ: 8,
	typeTimestampNanos: 8, typeTimestampNanosNTZ: 8, typeUUID: 16,
}

func (d *decoder) primitive(dst []byte, typ byte, b []byte) ([]byte, error) {
	if int(typ) >= len(sizes) || len(b) < sizes[typ] {
		return dst, errMalformed
	}
	switch typ {
	case typeNull:
		return append(dst, "null"...), nil
	case typeTrue, typeFalse:
		return strconv.AppendBool(dst, typ == typeTrue), nil
	case typeInt8:
		return strconv.AppendInt(dst, int64(int8(b[0])), 10), nil
	case typeInt16:
		return strconv.AppendInt(dst, int64(int16(binary.LittleEndian.Uint16(b))), 10), nil
	case typeInt32:
		return strconv.AppendInt(dst, int64(int32(binary.LittleEndian.Uint32(b))), 10), nil
	case typeInt64:
		return strconv.AppendInt(dst, int64(binary.LittleEndian.Uint64(b)), 10), nil
	case typeDouble:
		return jsontext.AppendFloat(dst, math.Float64frombits(binary.LittleEndian.Uint64(b)), 64), nil
	case typeFloat:
		return jsontext.AppendFloat(dst, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), 32), nil
	case typeDecimal4, typeDecimal8, typeDecimal16:
		return appendPlain(dst, b[1:sizes[typ]], b[0])
	case typeBinary, typeString:
		n, err := number(b, 0, 4)
		if err != nil || n > len(b)-4 {
			return dst, errMalformed
		}
		if typ == typeBinary {
			return jsontext.AppendBase64(dst, b[4:4+n]), nil
		}
		return jsontext.AppendString(dst, string(b[4:4+n])), nil
	case typeUUID:
		h := hex.EncodeToString(b[:16])
		return append(dst, `"`+h[:8]+"-"+h[8:12]+"-"+h[12:16]+"-"+h[16:20]+"-"+h[20:]+`"`...), nil
	}
	return appendTime(dst, typ, b), nil
}

func appendPlain(dst, little []byte, scale byte) ([]byte, error) {
	if scale > mostDigits {
		return dst, errMalformed
	}
	be := slices.Clone(little)
	slices.Reverse(be)
	unscaled, _ := data.DecimalBytesValue(be, 0).Decimal()
	return append(dst, data.FormatDecimal(unscaled, int32(scale))...), nil
}

func appendTime(dst []byte, typ byte, b []byte) []byte {
	var t time.Time
	layout := "2006-01-02T15:04:05.999999999"
	switch typ {
	case typeDate:
		t, layout = time.Unix(int64(int32(binary.LittleEndian.Uint32(b)))*86400, 0), time.DateOnly
	case typeTimeNTZ:
		t, layout = time.UnixMicro(int64(binary.LittleEndian.Uint64(b))), "15:04:05.999999"
	case typeTimestamp, typeTimestampNTZ:
		t = time.UnixMicro(int64(binary.LittleEndian.Uint64(b)))
	default:
		n := int64(binary.LittleEndian.Uint64(b))
		t = time.Unix(n/1e9, n%1e9)
	}
	if typ == typeTimestamp || typ == typeTimestampNanos {
		layout += "Z07:00"
	}
	return append(t.UTC().AppendFormat(append(dst, '"'), layout), '"')
}
