package wireproto

import "encoding/binary"

// FetchTopic is the answer for one topic of a Fetch response.
type FetchTopic struct {
	Name       string
	ID         [16]byte
	Partitions []FetchPartition
}

// FetchPartition is the answer for one partition. Records are whole batches.
type FetchPartition struct {
	Index            int32
	ErrorCode        int16
	HighWatermark    int64
	LastStableOffset int64
	LogStartOffset   int64
	Aborted          []AbortedTxn // by first offset; for read_committed consumers
	Diverging        *EpochEnd    // v12+: the log diverged after this epoch
	Records          []byte
}

// AbortedTxn names an aborted transaction by its producer and first offset.
type AbortedTxn struct {
	ProducerID  int64
	FirstOffset int64
}

// EpochEnd is a leader epoch and the offset at which it ends.
type EpochEnd struct {
	Epoch     int32
	EndOffset int64
}

// FetchResponse is the body of a Fetch response, versions 4 to 18.
type FetchResponse struct {
	ThrottleMillis int32
	ErrorCode      int16
	SessionID      int32
	Topics         []FetchTopic
}

// AppendFetch encodes the response after dst, which already holds the response
// header, and returns the pieces of the frame in order. Record bytes are
// referenced, not copied; size is the number of them.
func AppendFetch(dst []byte, version int16, resp *FetchResponse) (pieces [][]byte, head []byte, size int) {
	flex := version >= 12
	be := binary.BigEndian
	type cut struct {
		at      int
		records []byte
	}
	var cuts []cut
	arrayLen := func(n int) {
		if flex {
			dst = binary.AppendUvarint(dst, uint64(n)+1)
		} else {
			dst = be.AppendUint32(dst, uint32(n))
		}
	}
	dst = be.AppendUint32(dst, uint32(resp.ThrottleMillis))
	if version >= 7 {
		dst = be.AppendUint16(dst, uint16(resp.ErrorCode))
		dst = be.AppendUint32(dst, uint32(resp.SessionID))
	}
	arrayLen(len(resp.Topics))
	for i := range resp.Topics {
		t := &resp.Topics[i]
		switch {
		case version >= 13:
			dst = append(dst, t.ID[:]...)
		case flex:
			dst = append(binary.AppendUvarint(dst, uint64(len(t.Name))+1), t.Name...)
		default:
			dst = append(be.AppendUint16(dst, uint16(len(t.Name))), t.Name...)
		}
		arrayLen(len(t.Partitions))
		for j := range t.Partitions {
			p := &t.Partitions[j]
			dst = be.AppendUint32(dst, uint32(p.Index))
			dst = be.AppendUint16(dst, uint16(p.ErrorCode))
			dst = be.AppendUint64(dst, uint64(p.HighWatermark))
			dst = be.AppendUint64(dst, uint64(p.LastStableOffset))
			if version >= 5 {
				dst = be.AppendUint64(dst, uint64(p.LogStartOffset))
			}
			arrayLen(len(p.Aborted)) // empty, not null, which some clients mishandle
			for _, a := range p.Aborted {
				dst = be.AppendUint64(dst, uint64(a.ProducerID))
				dst = be.AppendUint64(dst, uint64(a.FirstOffset))
				if flex {
					dst = append(dst, 0)
				}
			}
			if version >= 11 {
				dst = be.AppendUint32(dst, 0xffffffff) // no preferred replica
			}
			if flex {
				dst = binary.AppendUvarint(dst, uint64(len(p.Records))+1)
			} else {
				dst = be.AppendUint32(dst, uint32(len(p.Records)))
			}
			if len(p.Records) > 0 {
				cuts = append(cuts, cut{len(dst), p.Records})
				size += len(p.Records)
			}
			if flex {
				dst = appendDiverging(dst, p.Diverging)
			}
		}
		if flex {
			dst = append(dst, 0)
		}
	}
	if flex {
		dst = append(dst, 0)
	}
	pieces = make([][]byte, 0, 2*len(cuts)+1)
	from := 0
	for _, c := range cuts {
		pieces = append(pieces, dst[from:c.at], c.records)
		from = c.at
	}
	return append(pieces, dst[from:]), dst, size
}

func appendDiverging(dst []byte, d *EpochEnd) []byte {
	if d == nil {
		return append(dst, 0)
	}
	dst = append(dst, 1, 0, 13) // one tag, number 0, 13 bytes
	dst = binary.BigEndian.AppendUint32(dst, uint32(d.Epoch))
	dst = binary.BigEndian.AppendUint64(dst, uint64(d.EndOffset))
	return append(dst, 0)
}
