package wire

import (
	"errors"
	"fmt"
)

// ErrMalformed reports a frame that does not follow the format. The stream it came on cannot be used any more.
var ErrMalformed = errors.New("malformed record frame")

const (
	itemSchema = iota + 1
	itemTopic
	itemPartition
	itemRecord
)

const frameHeader = 5 // count, flags

const flagForget = 1 // frame flag

// Record flags.
const (
	flagSame = 1 << iota // ids as in the record before
	flagPartition
	flagTimestamp
	flagKey
	flagValue
	flagOffset
	flagHeaders
)

// moreMoved, of the second flag byte: the sink record's topic or partition was changed by a transformation.
const moreMoved = 1

// MaxDefinitions bounds the dictionaries of a stream: past it the encoder starts anew, and a decoder refuses.
const MaxDefinitions = 1 << 16

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}
