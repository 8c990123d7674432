package commitlog

import (
	"github.com/kurier-io/kurier/broker/wireproto"
)

// filter returns what stays of a batch: the batch itself, a smaller one, or nil. It
// is called for every batch from the start of the log on, in order.
func (c *compaction) filter(b wireproto.Batch, payload []byte) (wireproto.Batch, error) {
	if b.Control() {
		return c.filterMarker(b, payload)
	}
	drop := false
	if b.Transactional() && b.LastOffset() < c.mapEnd {
		c.ongoing[b.ProducerID()] = struct{}{}
		drop = c.wasAborted(b)
	}
	horizon := deleteHorizon(b)
	var kept []wireproto.Record
	tombstones := false
	err := wireproto.EachRecord(payload, b.Count(), func(r wireproto.Record) error {
		off := b.BaseOffset() + int64(r.OffsetDelta)
		if off < c.mapEnd {
			if last, ok := c.latest[hashKey(r.Key)]; drop || r.Key == nil || off < c.start || ok && last > off {
				return nil
			}
			if r.Value == nil {
				if horizon >= 0 && horizon <= c.now {
					return nil
				}
				tombstones = true
			}
		}
		kept = append(kept, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	// An empty batch stays where a producer's sequence or, at the end, the position
	// of readers would get lost without it.
	if len(kept) == 0 && !c.carriesState(b) && !c.isLast(b) {
		return nil, nil
	}
	mark := tombstones && horizon < 0
	if len(kept) == int(b.Count()) && !mark {
		return b, nil
	}
	return c.rebuild(b, kept, mark)
}

// filterMarker decides about a transaction marker. It may go when all records of
// its transaction are gone and it has been so for delete.retention.ms, which is when
// a consumer that started before that has passed it; the first cleaning that finds
// them gone writes the time into the batch.
func (c *compaction) filterMarker(b wireproto.Batch, payload []byte) (wireproto.Batch, error) {
	if b.LastOffset() >= c.mapEnd {
		return b, nil
	}
	if _, ok := c.ongoing[b.ProducerID()]; ok {
		delete(c.ongoing, b.ProducerID())
		return b, nil
	}
	horizon := deleteHorizon(b)
	switch {
	case horizon < 0:
		var kept []wireproto.Record
		err := wireproto.EachRecord(payload, b.Count(), func(r wireproto.Record) error {
			kept = append(kept, r)
			return nil
		})
		if err != nil {
			return nil, err
		}
		return c.rebuild(b, kept, true)
	case horizon > c.now, c.carriesState(b), c.isLast(b):
		return b, nil
	}
	return nil, nil
}

// deleteHorizon is the time after which tombstones and markers of a batch may go,
// -1 when no cleaning has set it yet.
func deleteHorizon(b wireproto.Batch) int64 {
	if b.Attributes()&wireproto.AttrDeleteHorizon == 0 {
		return -1
	}
	return b.BaseTimestamp()
}

// carriesState reports the batch that an active producer's state comes from.
func (c *compaction) carriesState(b wireproto.Batch) bool {
	if b.ProducerID() < 0 {
		return false
	}
	last, ok := c.active[b.ProducerID()]
	switch {
	case !ok:
		return false
	case last.offset >= 0:
		return b.LastOffset() == last.offset && !b.Control()
	}
	return b.Control() && b.ProducerEpoch() == last.epoch
}

// isLast reports the last batch of the cleaned part, which stays so that readers get
// past it.
func (c *compaction) isLast(b wireproto.Batch) bool { return b.LastOffset()+1 >= c.mapEnd }

// rebuild writes a batch with the kept records; mark sets its delete horizon.
func (c *compaction) rebuild(b wireproto.Batch, kept []wireproto.Record, mark bool) (wireproto.Batch, error) {
	info := b.Info()
	oldBase := info.BaseTimestamp
	if len(kept) > 0 && info.Attributes&wireproto.AttrLogAppendTime == 0 {
		info.MaxTimestamp = -1
		for _, r := range kept {
			info.MaxTimestamp = max(info.MaxTimestamp, oldBase+r.TimestampDelta)
		}
	}
	if mark {
		info.Attributes |= wireproto.AttrDeleteHorizon
		info.BaseTimestamp = c.now + c.cfg.DeleteRetentionMillis
	}
	var records []byte
	for _, r := range kept {
		if !mark {
			records = append(records, r.Raw...)
			continue
		}
		r.TimestampDelta += oldBase - info.BaseTimestamp
		records = wireproto.AppendRecord(records, r)
	}
	records, err := wireproto.Compress(b.Codec(), records)
	if err != nil {
		return nil, err
	}
	info.Count = int32(len(kept))
	out := make(wireproto.Batch, wireproto.HeaderSize, wireproto.HeaderSize+len(records))
	out = append(out, records...)
	wireproto.FinishBatch(out, info)
	return out, nil
}
