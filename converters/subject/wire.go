package subject

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// An ID ties bytes to a schema: by GUID if that is not zero.
type ID struct {
	Num  int32
	GUID [16]byte
}

// ByGUID reports whether the schema is named by its GUID.
func (id ID) ByGUID() bool { return id.GUID != [16]byte{} }

// guid prints the GUID as the registry's paths want it.
func (id ID) guid() string {
	h := hex.EncodeToString(id.GUID[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

const (
	magicID   = 0
	magicGUID = 1
)

// AppendID appends Confluent's prefix: a zero byte and the id, big endian.
func AppendID(dst []byte, id int32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, magicID), uint32(id))
}

// ErrUnknownMagic reports bytes that do not begin with a schema id; the text is Confluent's.
var ErrUnknownMagic = errors.New("Unknown magic byte!")

// ParseID reads a prefix and returns what follows it.
func ParseID(b []byte) (id ID, rest []byte, err error) {
	switch {
	case len(b) >= 5 && b[0] == magicID:
		id.Num = int32(binary.BigEndian.Uint32(b[1:]))
		return id, b[5:], nil
	case len(b) >= 17 && b[0] == magicGUID:
		copy(id.GUID[:], b[1:])
		return id, b[17:], nil
	}
	return ID{}, nil, ErrUnknownMagic
}
