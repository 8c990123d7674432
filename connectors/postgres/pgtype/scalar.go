package pgtype

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"

	"github.com/kurier-io/kurier/plugins/data"
)

func decodeInt1(e *data.RowEncoder, w []byte) error {
	if len(w) != 1 {
		return errWire
	}
	e.Uint8(w[0])
	return nil
}

func decodeInt2(e *data.RowEncoder, w []byte) error {
	if len(w) != 2 {
		return errWire
	}
	e.Uint16(binary.BigEndian.Uint16(w))
	return nil
}

// decodeInt4 reads int4 and float4, whose bits Connect's form keeps.
func decodeInt4(e *data.RowEncoder, w []byte) error {
	if len(w) != 4 {
		return errWire
	}
	e.Uint32(binary.BigEndian.Uint32(w))
	return nil
}

// decodeInt8 reads int8 and float8.
func decodeInt8(e *data.RowEncoder, w []byte) error {
	if len(w) != 8 {
		return errWire
	}
	e.Uint64(binary.BigEndian.Uint64(w))
	return nil
}

func decodeOID(e *data.RowEncoder, w []byte) error {
	if len(w) != 4 {
		return errWire
	}
	e.Uint64(uint64(binary.BigEndian.Uint32(w)))
	return nil
}

// decodeMoney takes two digits after the point, which is right for nearly every lc_monetary.
func decodeMoney(e *data.RowEncoder, w []byte) error {
	if len(w) != 8 {
		return errWire
	}
	e.Uint64(math.Float64bits(float64(int64(binary.BigEndian.Uint64(w))) / 100))
	return nil
}

func decodeBytes(e *data.RowEncoder, w []byte) error {
	e.Bytes(w)
	return nil
}

// decodeJSONB drops the version byte before the text.
func decodeJSONB(e *data.RowEncoder, w []byte) error {
	if len(w) < 1 || w[0] != 1 {
		return errWire
	}
	e.Bytes(w[1:])
	return nil
}

func uuidDecoder() decoder {
	var text [36]byte
	return func(e *data.RowEncoder, w []byte) error {
		if err := formatUUID(&text, w); err != nil {
			return err
		}
		e.Bytes(text[:])
		return nil
	}
}

func formatUUID(text *[36]byte, w []byte) error {
	if len(w) != 16 {
		return errWire
	}
	hex.Encode(text[0:8], w[0:4])
	hex.Encode(text[9:13], w[4:6])
	hex.Encode(text[14:18], w[6:8])
	hex.Encode(text[19:23], w[8:10])
	hex.Encode(text[24:36], w[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return nil
}

// mapBit follows the driver: bit(1) is a BOOLEAN, up to bit(8) an INT8 whose decimal digits look like the bits, beyond that the text.
func mapBit(mod int32) *mapped {
	switch {
	case mod == 1:
		return binaryAs(data.Boolean, func(e *data.RowEncoder, w []byte) error {
			if len(w) != 5 {
				return errWire
			}
			e.Uint8(w[4] >> 7)
			return nil
		})
	case mod > 1 && mod <= 8:
		return binaryAs(data.Int8, decodeBitDigits)
	}
	return &mapped{data.Of(data.Bytes), decodeBytes, 0}
}

func decodeBitDigits(e *data.RowEncoder, w []byte) error {
	if len(w) != 5 || w[3] > 8 {
		return errWire
	}
	n := 0
	for i := range int(w[3]) {
		n = 10*n + int(w[4]>>(7-i)&1)
	}
	if n > math.MaxInt8 {
		return errors.New("bit string of four and more digits does not fit INT8, the type that the JDBC source has for bit(2) to bit(8): cast the column to text or integer in a query")
	}
	e.Uint8(byte(n))
	return nil
}
