package wireproto

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Header is a request header, versions 1 and 2.
type Header struct {
	Key, Version  int16
	CorrelationID int32
	ClientID      string
}

// minFrame is key, version and correlation id.
const minFrame = 8

// ErrFrameSize reports an announced frame size outside the limits; the
// connection cannot be resynchronised and must be closed.
var ErrFrameSize = errors.New("wireproto: frame size out of range")

// Peek is the part of a frame that is read before its limit is known.
type Peek struct {
	Size          int // of the whole frame, size field excluded
	Key, Version  int16
	CorrelationID int32
	raw           [minFrame]byte
}

// ReadPeek reads the size and the first eight bytes of the next request, so
// that the caller can apply the limit of the API before any buffer is taken.
// A clean end of stream between frames is io.EOF.
func ReadPeek(r io.Reader) (Peek, error) {
	var b [4 + minFrame]byte
	if _, err := io.ReadFull(r, b[:4]); err != nil {
		return Peek{}, err
	}
	size := int32(binary.BigEndian.Uint32(b[:4]))
	if size < minFrame {
		return Peek{}, fmt.Errorf("%w: %d", ErrFrameSize, size)
	}
	if _, err := io.ReadFull(r, b[4:]); err != nil {
		return Peek{}, unexpected(err)
	}
	p := Peek{
		Size:          int(size),
		Key:           int16(binary.BigEndian.Uint16(b[4:])),
		Version:       int16(binary.BigEndian.Uint16(b[6:])),
		CorrelationID: int32(binary.BigEndian.Uint32(b[8:])),
	}
	copy(p.raw[:], b[4:])
	return p, nil
}

// firstChunk is what a frame may reserve before its bytes have arrived.
const firstChunk = 16 << 10

// ReadBody reads the rest of the frame that p announces and returns the whole
// frame without its size. The buffer grows only as bytes arrive, so a size that
// is announced and never sent costs at most 16 KiB. Reserve is called before
// memory is taken, with the bytes held in all from then on.
func ReadBody(r io.Reader, p Peek, limit int, reserve func(total int) error) (*Buffer, error) {
	if p.Size > limit {
		return nil, fmt.Errorf("%w: %d exceeds the limit of %d bytes", ErrFrameSize, p.Size, limit)
	}
	if err := reserve(min(p.Size, firstChunk)); err != nil {
		return nil, err
	}
	buf := GetBuffer(min(p.Size, firstChunk))
	b := append(buf.B[:0], p.raw[:]...)
	for len(b) < p.Size {
		if len(b) == cap(b) {
			want := min(p.Size, 4*cap(b))
			if err := reserve(want); err != nil {
				buf.Release()
				return nil, err
			}
			next := GetBuffer(want)
			nb := append(next.B[:0], b...)
			buf.Release()
			buf, b = next, nb
		}
		end := min(p.Size, cap(b))
		n, err := io.ReadFull(r, b[len(b):end])
		b = b[:len(b)+n]
		if err != nil {
			buf.Release()
			return nil, unexpected(err)
		}
	}
	buf.B = b
	return buf, nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// ParseHeader decodes the header of a frame and returns the body that follows.
// Flexible says whether this API version uses header version 2; the client id
// is a plain nullable string in both (KIP-482).
func ParseHeader(frame []byte, flexible bool) (Header, []byte, error) {
	r := NewReader(frame)
	h := Header{Key: r.Int16(), Version: r.Int16(), CorrelationID: r.Int32()}
	h.ClientID, _ = r.NullableString(false)
	if flexible {
		r.SkipTags()
	}
	return h, r.Rest(), r.Err()
}

// AppendResponseHeader appends a response header, leaving four bytes for the
// frame size in front, which FinishFrame fills in.
func AppendResponseHeader(dst []byte, correlationID int32, flexible bool) []byte {
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(correlationID))
	if flexible {
		dst = append(dst, 0)
	}
	return dst
}

// FinishFrame writes the size of the frame that starts at frame[0]; extra is
// the number of bytes of the frame that live in other buffers.
func FinishFrame(frame []byte, extra int) {
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4+extra))
}
