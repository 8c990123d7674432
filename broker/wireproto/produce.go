package wireproto

// ProduceRequest is a decoded Produce request, versions 3 to 13. Records alias
// the frame.
type ProduceRequest struct {
	TransactionalID string
	Transactional   bool
	Acks            int16
	TimeoutMillis   int32
	Topics          []ProduceTopic
}

// ProduceTopic names its topic by Name up to version 12, by ID from 13 on.
type ProduceTopic struct {
	Name       string
	ID         [16]byte
	Partitions []ProducePartition
}

// ProducePartition carries the record batches of one partition; Records is
// nil when the client sent null.
type ProducePartition struct {
	Index   int32
	Records []byte
}

// ReadProduce decodes the body of a Produce request.
func ReadProduce(body []byte, version int16) (ProduceRequest, error) {
	flex := version >= 9
	r := Reader{src: body}
	var req ProduceRequest
	id, null := r.NullableString(flex)
	req.TransactionalID, req.Transactional = id, !null
	req.Acks = r.Int16()
	req.TimeoutMillis = r.Int32()
	nt := r.ArrayLen(flex, 3)
	req.Topics = make([]ProduceTopic, 0, min(max(nt, 0), 64))
	for range nt {
		var t ProduceTopic
		if version >= 13 {
			t.ID = r.UUID()
		} else {
			t.Name, _ = r.NullableString(flex)
		}
		np := r.ArrayLen(flex, 5)
		t.Partitions = make([]ProducePartition, 0, min(max(np, 0), 64))
		for range np {
			p := ProducePartition{Index: r.Int32(), Records: r.NullableBytes(flex)}
			if flex {
				r.SkipTags()
			}
			if r.bad {
				return ProduceRequest{}, ErrShort
			}
			t.Partitions = append(t.Partitions, p)
		}
		if flex {
			r.SkipTags()
		}
		if r.bad {
			return ProduceRequest{}, ErrShort
		}
		req.Topics = append(req.Topics, t)
	}
	if flex {
		r.SkipTags()
	}
	return req, r.Err()
}
