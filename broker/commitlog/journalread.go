package commitlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// CorruptError reports damage that recovery cannot pass without losing
// acknowledged records. The data directory is left as it was found.
type CorruptError struct {
	File   string
	Detail string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("commitlog: %s is damaged: %s; restore the data directory from a copy, or move the file away to accept the loss", e.File, e.Detail)
}

var errBadFrame = errors.New("not a frame")

// readFrame decodes the frame at the start of b. It returns errBadFrame for
// anything else, such as the zeroes or stale bytes that end a journal.
func readFrame(b []byte) (seq uint64, n uint32, payload []byte, err error) {
	be := binary.BigEndian
	if len(b) < frameHeader || be.Uint32(b) != frameMagic {
		return 0, 0, nil, errBadFrame
	}
	length := int64(be.Uint32(b[16:]))
	if length > int64(len(b)-frameHeader) {
		return 0, 0, nil, errBadFrame
	}
	body := b[8 : frameHeader+length]
	if wireproto.Checksum(body) != be.Uint32(b[4:]) {
		return 0, 0, nil, errBadFrame
	}
	return be.Uint64(b[8:]), be.Uint32(b[20:]), b[frameHeader : frameHeader+length], nil
}

// eachEntry decodes the entries of a frame whose checksum was good.
func eachEntry(payload []byte, n uint32, fn func(entry) error) error {
	r := wireproto.NewReader(payload)
	for range n {
		kind := r.Int8()
		e := entry{extent: kind == kindExtent}
		e.id = ID{Topic: r.UUID(), Partition: r.Int32()}
		e.baseOffset, e.segBase, e.pos = r.Int64(), r.Int64(), r.Int64()
		e.length = uint32(r.Int32())
		if e.extent {
			e.crc = uint32(r.Int32())
		} else {
			e.data = r.Span(int(e.length))
		}
		if r.Err() != nil || kind != kindData && kind != kindExtent || e.baseOffset < 0 || e.segBase < 0 || e.pos < 0 {
			return wireproto.ErrShort
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

// replay calls fn for each entry of the frames from seq on, in order, and
// returns the sequence after the last one. A torn frame at the end is normal; a
// file that starts after a gap is not.
func replay(fs vfs.FS, seq uint64, p *progress, fn func(entry) error) (uint64, error) {
	names, err := fs.ReadDir(journalDir)
	if err != nil {
		return seq, nil // no journal yet
	}
	next := seq
	for i, name := range names { // sorted by first sequence
		first, ok := parseJournalName(name)
		if !ok {
			continue
		}
		if first > next {
			// The file exists because the frames before it were flushed.
			if b, err := fs.ReadFile(journalDir + "/" + name); err != nil {
				return next, err
			} else if s, _, _, ferr := readFrame(b); ferr == nil && s == first {
				return next, &CorruptError{File: journalDir + "/" + name, Detail: fmt.Sprintf("frames %d to %d before it are missing", next, first-1)}
			}
			continue
		}
		if i+1 < len(names) {
			if after, ok := parseJournalName(names[i+1]); ok && after <= seq {
				continue // wholly before the checkpoint
			}
		}
		b, err := fs.ReadFile(journalDir + "/" + name)
		if err != nil {
			return next, err
		}
		p.expect(int64(len(b)))
		p.add(int64(len(b)))
		for off, want := 0, first; off < len(b); want++ {
			s, n, payload, err := readFrame(b[off:])
			if err != nil || s != want {
				break
			}
			if s == next {
				if err := eachEntry(payload, n, fn); err != nil {
					if errors.Is(err, wireproto.ErrShort) {
						return next, &CorruptError{File: journalDir + "/" + name, Detail: fmt.Sprintf("frame %d has a good checksum but bad entries", s)}
					}
					return next, err
				}
				next = s + 1
			}
			off += (frameHeader + len(payload) + frameAlign - 1) / frameAlign * frameAlign
		}
	}
	return next, nil
}

func parseJournalName(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, ".wal")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil
}
