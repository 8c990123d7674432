package variant

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// Encode reads the next JSON value of the scanner. Numbers without an exponent are integers or decimals, others doubles; of members that
// come twice the last counts.
func Encode(s *jsontext.Scanner) (metadata, value []byte, err error) {
	ahead := *s
	names := map[string]int{}
	if err := collect(&ahead, names); err != nil {
		return nil, nil, err
	}
	e := encoder{names: names}
	if metadata, err = e.metadata(); err != nil {
		return nil, nil, err
	}
	value, err = e.value(nil, s)
	return metadata, value, err
}

type encoder struct{ names map[string]int }

// collect gathers the names of members.
func collect(s *jsontext.Scanner, names map[string]int) error {
	c := s.Next()
	end := byte(c + 2) // of brackets
	if c != '{' && c != '[' {
		return s.Skip()
	}
	if err := s.Enter(); err != nil {
		return err
	}
	for more := s.First(end); more; {
		if c == '{' {
			name, err := memberName(s)
			if err != nil {
				return err
			}
			names[name] = 0
		}
		err := collect(s, names)
		if err != nil {
			return err
		}
		if more, err = s.More(end); err != nil {
			return err
		}
	}
	return nil
}

func memberName(s *jsontext.Scanner) (string, error) {
	raw, escaped, err := s.Name()
	return text(raw, escaped), err
}

func text(raw []byte, escaped bool) string {
	if escaped {
		raw = bytes.ToValidUTF8(jsontext.Unescape(raw), []byte("\uFFFD"))
	}
	return string(raw)
}

var errTooLarge = errors.New("the value is too large for a Variant")

// metadata writes the names in their order, which gives them their numbers.
func (e *encoder) metadata() ([]byte, error) {
	sorted := make([]string, 0, len(e.names))
	total := 0
	for name := range e.names {
		sorted = append(sorted, name)
		total += len(name)
	}
	if total > math.MaxInt32 {
		return nil, errTooLarge
	}
	slices.Sort(sorted)
	width := widthOf(max(total, len(sorted)))
	out := []byte{version | sortedStrings | byte(width-1)<<6}
	out = appendUint(out, len(sorted), width)
	at := 0
	out = appendUint(out, at, width)
	for i, name := range sorted {
		e.names[name] = i
		at += len(name)
		out = appendUint(out, at, width)
	}
	return append(out, strings.Join(sorted, "")...), nil
}

// widthOf returns how many bytes numbers up to n need.
func widthOf(n int) int {
	switch {
	case n < 1<<8:
		return 1
	case n < 1<<16:
		return 2
	case n < 1<<24:
		return 3
	}
	return 4
}

func appendUint(dst []byte, n, width int) []byte {
	for range width {
		dst = append(dst, byte(n))
		n >>= 8
	}
	return dst
}

func (e *encoder) value(dst []byte, s *jsontext.Scanner) ([]byte, error) {
	switch c := s.Next(); c {
	case '{', '[':
		return e.nested(dst, s, c)
	case '"':
		raw, escaped, err := s.Str()
		return appendText(dst, text(raw, escaped)), err
	case 'n':
		return append(dst, typeNull<<2), s.Word("null")
	case 't':
		return append(dst, typeTrue<<2), s.Word("true")
	case 'f':
		return append(dst, typeFalse<<2), s.Word("false")
	default:
		if c != '-' && c-'0' > 9 {
			return dst, s.Unexpected()
		}
		number, frac, err := s.Number()
		if err != nil {
			return dst, err
		}
		return appendNumber(dst, number, frac), nil
	}
}

func appendText(dst []byte, s string) []byte {
	if len(s) <= longestShort {
		return append(append(dst, byte(len(s))<<2|shortString), s...)
	}
	dst = binary.LittleEndian.AppendUint32(append(dst, typeString<<2), uint32(len(s)))
	return append(dst, s...)
}

func appendNumber(dst, number []byte, frac bool) []byte {
	n, exact := jsontext.Integer(number)
	switch {
	case frac || !exact:
		return appendDecimal(dst, number)
	case n == int64(int8(n)):
		return append(dst, typeInt8<<2, byte(n))
	case n == int64(int16(n)):
		return binary.LittleEndian.AppendUint16(append(dst, typeInt16<<2), uint16(n))
	case n == int64(int32(n)):
		return binary.LittleEndian.AppendUint32(append(dst, typeInt32<<2), uint32(n))
	}
	return binary.LittleEndian.AppendUint64(append(dst, typeInt64<<2), uint64(n))
}

// appendDecimal writes what is no integer of 64 bits: a decimal if it has few digits, else a double.
func appendDecimal(dst, number []byte) []byte {
	if !bytes.ContainsAny(number, "eE") && len(number) <= mostDigits+2 {
		if v, ok := jsontext.Decimal(number); ok {
			unscaled, scale := v.Decimal()
			digits := len(strings.TrimPrefix(unscaled.String(), "-"))
			switch {
			case scale < 0 || int(scale) > mostDigits || digits > mostDigits:
			case digits <= 9:
				return binary.LittleEndian.AppendUint32(append(dst, typeDecimal4<<2, byte(scale)), uint32(unscaled.Int64()))
			case digits <= 18:
				return binary.LittleEndian.AppendUint64(append(dst, typeDecimal8<<2, byte(scale)), uint64(unscaled.Int64()))
			default:
				return appendDecimal16(append(dst, typeDecimal16<<2, byte(scale)), v)
			}
		}
	}
	return binary.LittleEndian.AppendUint64(append(dst, typeDouble<<2), math.Float64bits(jsontext.Float(number, 64)))
}

func appendDecimal16(dst []byte, v data.Value) []byte {
	raw, _ := v.DecimalBytes()
	sign := byte(0)
	if raw[0] >= 0x80 {
		sign = 0xff
	}
	for i := range 16 {
		if at := len(raw) - 1 - i; at >= 0 {
			dst = append(dst, raw[at])
		} else {
			dst = append(dst, sign)
		}
	}
	return dst
}

// A child is a member or an element: where it begins among the children of its parent.
type child struct{ id, from, to int }

// nested writes an object or an array: the children first, behind which their list is made that then goes before them.
func (e *encoder) nested(dst []byte, s *jsontext.Scanner, c byte) ([]byte, error) {
	at := len(dst)
	var children []child
	if err := s.Enter(); err != nil {
		return dst, err
	}
	for more := s.First(c + 2); more; {
		ch := child{id: len(children)}
		if c == '{' {
			name, err := memberName(s)
			if err != nil {
				return dst, err
			}
			ch.id = e.names[name]
		}
		ch.from = len(dst) - at
		var err error
		if dst, err = e.value(dst, s); err != nil {
			return dst, err
		}
		ch.to = len(dst) - at
		children = append(children, ch)
		if more, err = s.More(c + 2); err != nil {
			return dst, err
		}
	}
	size := len(dst) - at
	if size > math.MaxInt32 {
		return dst, errTooLarge
	}
	if c == '{' {
		children = lastOfEach(children)
	}
	return slices.Insert(dst, at, e.header(c, children, size)...), nil
}

// lastOfEach sorts members by number, and of those of one number keeps the last. The bytes of the others stay where nothing leads to.
func lastOfEach(children []child) []child {
	slices.SortStableFunc(children, func(a, b child) int { return a.id - b.id })
	out := children[:0]
	for i, ch := range children {
		if i+1 == len(children) || children[i+1].id != ch.id {
			out = append(out, ch)
		}
	}
	return out
}

func (e *encoder) header(c byte, children []child, size int) []byte {
	count, offset, id := 1, widthOf(size), widthOf(len(e.names))
	large := byte(0)
	if len(children) > 255 {
		count, large = 4, 1
	}
	var out []byte
	if c == '{' {
		out = append(out, (large<<4|byte(id-1)<<2|byte(offset-1))<<2|object)
	} else {
		out = append(out, (large<<2|byte(offset-1))<<2|array)
	}
	out = appendUint(out, len(children), count)
	if c == '{' {
		for _, ch := range children {
			out = appendUint(out, ch.id, id)
		}
	}
	for _, ch := range children {
		out = appendUint(out, ch.from, offset)
	}
	return appendUint(out, size, offset)
}
