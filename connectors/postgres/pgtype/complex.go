package pgtype

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/kurier-io/kurier/plugins/data"
)

// arrayElems has the element type of the built-in array types that sql.complex.types.enable covers.
var arrayElems = map[uint32]uint32{
	1000: oidBool, 1001: oidBytea, 1005: oidInt2, 1007: oidInt4, 1016: oidInt8, 1009: oidText, 1014: oidBPChar, 1015: oidVarchar,
	1021: oidFloat4, 1022: oidFloat8, 1231: oidNumeric, 199: oidJSON, 3807: oidJSONB, 2951: oidUUID, 1182: oidDate, 1183: oidTime,
	1270: oidTimeTZ, 1115: oidTimestamp, 1185: oidTimestampTZ,
}

// mapComplex maps arrays of scalars, with optional elements. A value of several dimensions becomes null, as in Java, so it needs an
// optional column.
func mapComplex(c Column, o Options) *mapped {
	elem, ok := arrayElems[c.OID]
	if !ok {
		return mapHStore(c, o)
	}
	b, value := elementOf(elem, o)
	s, err := b.Optional().Build()
	if err != nil {
		return nil
	}
	return &mapped{data.ArrayOf(s), func(e *data.RowEncoder, w []byte) error {
		v, err := arrayValue(w, func(w []byte) (data.Value, error) { return value(s, w) })
		switch {
		case err != nil:
			return err
		case !v.IsNull():
			return e.Value(v)
		case c.NotNull:
			return errors.New("an array of several dimensions has no form in Connect's arrays here")
		}
		e.Null()
		return nil
	}, 1}
}

type elementDecoder func(s *data.Schema, w []byte) (data.Value, error)

func elementOf(oid uint32, o Options) (*data.Builder, elementDecoder) {
	if oid == oidNumeric {
		m := variableScale()
		return m.schema, variableScaleValue
	}
	m := mapColumn(Column{OID: oid, Mod: -1}, o)
	return m.schema, func(s *data.Schema, w []byte) (data.Value, error) { return oneValue(s, m.decode, w) }
}

// oneValue decodes through a row of one field, so that arrays share the scalars' decoders.
func oneValue(s *data.Schema, d decoder, w []byte) (data.Value, error) {
	row, err := data.StructOf().Field("e", s).Build()
	if err != nil {
		return data.Value{}, err
	}
	enc := data.NewRowEncoder(row)
	enc.Begin()
	if err := d(enc, w); err != nil {
		return data.Value{}, err
	}
	var es data.EncodedStruct
	enc.End(&es)
	return data.EncodedValue(&es).Struct().At(0), nil
}

// arrayValue reads the wire form of an array (array_send): dimensions, null flag, element type, length and lower bound of each
// dimension, elements. The result is null for several dimensions.
func arrayValue(w []byte, value func([]byte) (data.Value, error)) (data.Value, error) {
	if len(w) < 12 {
		return data.Value{}, errWire
	}
	dims := int32(binary.BigEndian.Uint32(w))
	switch {
	case dims == 0:
		return data.ArrayValue(nil), nil
	case dims != 1:
		return data.Value{}, nil
	case len(w) < 20:
		return data.Value{}, errWire
	}
	n := binary.BigEndian.Uint32(w[12:])
	w = w[20:]
	if uint64(n) > uint64(len(w))/4 {
		return data.Value{}, errWire
	}
	out := make([]data.Value, n)
	for i := range out {
		item, rest, null, err := lengthPrefixed(w)
		if err != nil {
			return data.Value{}, err
		}
		w = rest
		if null {
			continue
		}
		if out[i], err = value(item); err != nil {
			return data.Value{}, err
		}
	}
	return data.ArrayValue(out), nil
}

func lengthPrefixed(w []byte) (item, rest []byte, null bool, err error) {
	if len(w) < 4 {
		return nil, nil, false, errWire
	}
	n := binary.BigEndian.Uint32(w)
	w = w[4:]
	if n == math.MaxUint32 {
		return nil, w, true, nil
	}
	if uint64(n) > uint64(len(w)) {
		return nil, nil, false, errWire
	}
	return w[:n], w[n:], false, nil
}
