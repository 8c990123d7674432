package commitlog

import (
	"fmt"
	"sort"
	"strings"
)

type epochStart struct {
	epoch int32
	start int64
}

// epochs is the leader epoch history of a partition, oldest first, kept in
// Kafka's leader-epoch-checkpoint format.
type epochs []epochStart

// note records that a batch of this epoch starts at offset.
func (e *epochs) note(epoch int32, offset int64) (changed bool) {
	if n := len(*e); n > 0 && (*e)[n-1].epoch >= epoch {
		return false
	}
	*e = append(*e, epochStart{epoch, offset})
	return true
}

// truncate forgets what starts at or after end.
func (e *epochs) truncate(end int64) {
	for n := len(*e); n > 0 && (*e)[n-1].start >= end; n-- {
		*e = (*e)[:n-1]
	}
}

// end answers OffsetForLeaderEpoch: the largest epoch not above the one asked
// for, and the offset where it ends.
func (e epochs) end(epoch, current int32, leo int64) (int32, int64) {
	if epoch == current {
		return epoch, leo
	}
	i := sort.Search(len(e), func(i int) bool { return e[i].epoch > epoch })
	switch {
	case i == 0, epoch > current:
		return -1, -1
	case i == len(e):
		return e[i-1].epoch, leo
	}
	return e[i-1].epoch, e[i].start
}

// at returns the epoch of the record at offset, -1 if unknown.
func (e epochs) at(offset int64) int32 {
	i := sort.Search(len(e), func(i int) bool { return e[i].start > offset })
	if i == 0 {
		return -1
	}
	return e[i-1].epoch
}

func (e epochs) encode() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "0\n%d\n", len(e))
	for _, s := range e {
		fmt.Fprintf(&b, "%d %d\n", s.epoch, s.start)
	}
	return []byte(b.String())
}

// decodeEpochs reads the file; a damaged one gives what precedes the damage, the
// rest comes from batch headers.
func decodeEpochs(b []byte) epochs {
	var e epochs
	lines := strings.Split(string(b), "\n")
	for _, line := range lines[min(2, len(lines)):] {
		var s epochStart
		if _, err := fmt.Sscanf(line, "%d %d", &s.epoch, &s.start); err != nil {
			break
		}
		if n := len(e); n > 0 && (s.epoch <= e[n-1].epoch || s.start < e[n-1].start) {
			break
		}
		e = append(e, s)
	}
	return e
}
