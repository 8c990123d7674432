package protoconv

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/kurier-io/kurier/plugins/data"
)

// symbol names a number of an enum; those that are not in it get the name that protobuf-java gives them.
func (f *decField) symbol(n int32) data.Value {
	if v, ok := f.symbols[n]; ok {
		return v
	}
	return data.StringValue(fmt.Sprintf("UNKNOWN_ENUM_VALUE_%s_%d", f.enum, n))
}

// nested reads a message into out; what is there already is merged with it.
func (r *reader) nested(f *decField, out *data.Value, end int) error {
	to, err := r.length(end)
	if err != nil {
		return err
	}
	switch f.op {
	case readStruct:
		return r.structure(f, out, to)
	case readWrapper:
		was := *out
		if was.IsNull() {
			was = f.sub.zero[0]
		}
		*out, err = r.wrapper(f.sub, was, to)
		return err
	}
	return r.known(f, out, to)
}

func (r *reader) structure(f *decField, out *data.Value, end int) error {
	var vals []data.Value
	if out.IsNull() {
		st, fresh, err := r.newStruct(f.sub.schema, len(f.sub.zero))
		if err != nil {
			return err
		}
		vals = fresh
		copy(vals, f.sub.zero)
		*out = data.StructValue(st)
	} else {
		vals = out.Struct().Values()
	}
	if err := r.message(f.sub, vals, end); err != nil {
		return err
	}
	return r.finish(f.sub, vals)
}

// repeated reads elements as long as they follow each other, packed or not.
func (r *reader) repeated(f *decField, num protowire.Number, wire protowire.Type, out *data.Value, end int) error {
	elems := out.Array()
	if len(elems) == 0 && wire == f.wire {
		elems = make([]data.Value, 0, r.run(num, wire, end))
	}
	for {
		var err error
		if wire == protowire.BytesType && f.wire != protowire.BytesType {
			elems, err = r.packed(f, elems, end)
		} else {
			var v data.Value
			if f.op >= readDecimal {
				err = r.nested(f, &v, end)
			} else {
				err = r.scalar(f, &v, end)
			}
			elems = append(elems, v)
		}
		if err != nil {
			return below(err, fmt.Sprintf("[%d]", max(len(elems)-1, 0)))
		}
		if r.i >= end {
			break
		}
		was := r.i
		next, with, err := r.key(end)
		if err != nil || next != num || with != wire {
			r.i = was // it is read again, by the message
			break
		}
	}
	*out = data.ArrayValue(elems)
	return nil
}

// run counts the elements that follow each other from here on, the key of the first being read.
func (r *reader) run(num protowire.Number, wire protowire.Type, end int) int {
	for n, i := 1, r.i; ; n++ {
		size := protowire.ConsumeFieldValue(num, wire, r.b[i:end])
		if size < 0 {
			return n
		}
		i += size
		next, with, size := protowire.ConsumeTag(r.b[i:end])
		if size < 0 || next != num || with != wire {
			return n
		}
		i += size
	}
}

func (r *reader) packed(f *decField, elems []data.Value, end int) ([]data.Value, error) {
	to, err := r.length(end)
	if err != nil {
		return elems, err
	}
	n := 0
	switch f.wire {
	case protowire.Fixed32Type:
		n = (to - r.i) / 4
	case protowire.Fixed64Type:
		n = (to - r.i) / 8
	default:
		for _, c := range r.b[r.i:to] {
			if c < 0x80 {
				n++
			}
		}
	}
	elems = slices.Grow(elems, n)
	for r.i < to {
		var v data.Value
		if err := r.scalar(f, &v, to); err != nil {
			return elems, err
		}
		elems = append(elems, v)
	}
	return elems, nil
}

// entry reads one entry of a map; of two with one key the last counts.
func (r *reader) entry(f *decField, out *data.Value, end int) error {
	to, err := r.length(end)
	if err != nil {
		return err
	}
	var kv [2]data.Value
	copy(kv[:], f.sub.zero)
	if err := r.message(f.sub, kv[:], to); err != nil {
		return err
	}
	if err := r.finish(f.sub, kv[:]); err != nil {
		return err
	}
	if out.IsNull() {
		*out = data.MapValue(data.NewMap(4))
	}
	out.Map().Put(kv[0], kv[1])
	return nil
}

// known reads the messages that have a Connect type of their own.
func (r *reader) known(f *decField, out *data.Value, end int) error {
	var n [5]int64 // by number
	var raw []byte
	if !out.IsNull() {
		n, raw = parts(f.op, *out)
	}
	for r.i < end {
		num, wire, err := r.key(end)
		if err != nil {
			return err
		}
		switch {
		case wire == protowire.VarintType && num < protowire.Number(len(n)) && !(f.op == readDecimal && num == 1):
			u, err := r.varint(end)
			if err != nil {
				return err
			}
			n[num] = int64(u)
			if !(f.op == readTimestamp && num == 1) {
				n[num] = int64(int32(u)) // all others are int32
			}
		case wire == protowire.BytesType && num == 1 && f.op == readDecimal:
			to, err := r.length(end)
			if err != nil {
				return err
			}
			raw, r.i = r.b[r.i:to:to], to
		default:
			size := protowire.ConsumeFieldValue(num, wire, r.b[r.i:end])
			if size < 0 {
				return r.fail("field %d: %v", num, protowire.ParseError(size))
			}
			r.i += size
		}
	}
	switch f.op {
	case readTimestamp:
		*out = data.TimestampValue(n[1]*1000 + n[2]/1_000_000)
	case readTime:
		ms := n[1]*3_600_000 + n[2]*60_000 + n[3]*1000 + n[4]/1_000_000
		if ms < 0 || ms > data.MillisPerDay {
			return r.fail("the time %d:%d:%d is not one of a day", n[1], n[2], n[3])
		}
		*out = data.TimestampValue(ms)
	case readDate:
		days := epochDays(n[1], n[2], n[3])
		if y, m, d := civil(days); y != n[1] || m != n[2] || d != n[3] {
			return r.fail("the date %d-%d-%d is not in the calendar, or not complete", n[1], n[2], n[3])
		}
		*out = data.TimestampValue(days * data.MillisPerDay)
	default: // readDecimal
		if len(raw) == 0 {
			raw = zeroByte
		}
		*out = data.DecimalBytesValue(raw, int32(n[3]))
	}
	return nil
}

var zeroByte = []byte{0}

// parts takes a value apart again, to merge it with another message.
func parts(op dop, v data.Value) (n [5]int64, raw []byte) {
	ms := v.Millis()
	switch op {
	case readTimestamp:
		n[1], n[2] = ms/1000, ms%1000*1_000_000
		if n[2] < 0 {
			n[1], n[2] = n[1]-1, n[2]+1_000_000_000
		}
	case readTime:
		n[1], n[2], n[3], n[4] = ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000*1_000_000
	case readDate:
		n[1], n[2], n[3] = civil(ms / data.MillisPerDay)
	default: // readDecimal
		var scale int32
		raw, scale = v.DecimalBytes()
		n[3] = int64(scale)
	}
	return n, raw
}
