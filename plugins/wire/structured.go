package wire

import (
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// RecordKind says which records a conversation carries.
type RecordKind uint8

// The two kinds.
const (
	SourceRecords RecordKind = iota
	SinkRecords
)

type messageStream interface {
	Send(*pluginpb.TaskMessage) error
	Recv() (*pluginpb.TaskMessage, error)
}

// Structured makes a protobuf stream look like one in frames, for the side that was built with this module while the other speaks only
// what is in plugin.proto. It converts twice, so it is several times slower than frames.
type Structured struct {
	stream messageStream
	kind   RecordKind
	enc    *Encoder
	dec    *Decoder
}

// NewStructured wraps a stream. Send and Recv may run in one goroutine each.
func NewStructured(s messageStream, kind RecordKind) *Structured {
	return &Structured{stream: s, kind: kind, enc: NewEncoder(), dec: NewDecoder()}
}

// Send sends a message, a frame as a Batch.
func (s *Structured) Send(m *Message) error {
	if m.Frame == nil {
		return s.stream.Send(m.Control)
	}
	w := batchWriter{schemas: map[*data.Schema]uint32{}}
	if s.kind == SinkRecords {
		recs, err := s.dec.Sink(m.Frame)
		if err != nil {
			return err
		}
		for i := range recs {
			w.sink(&recs[i])
		}
	} else {
		b, err := s.dec.Source(m.Frame)
		if err != nil {
			return err
		}
		for i := range b.Records {
			if err := w.source(&b.Records[i], b.Partition(b.Partitions[i]), b.Offsets[i]); err != nil {
				return err
			}
		}
	}
	return s.stream.Send(&pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Batch{Batch: &w.batch}})
}

// Recv receives a message, a Batch as a frame.
func (s *Structured) Recv() (*Message, error) {
	m, err := s.stream.Recv()
	if err != nil {
		return nil, err
	}
	b := m.GetBatch()
	if b == nil {
		return &Message{Control: m}, nil
	}
	r := batchReader{}
	if err := r.readSchemas(b.Schemas); err != nil {
		return nil, err
	}
	var frame []byte
	if s.kind == SinkRecords {
		recs := make([]connect.SinkRecord, len(b.Records))
		for i, in := range b.Records {
			if err := r.sink(&recs[i], in); err != nil {
				return nil, recordError(i, &recs[i].Record, err)
			}
		}
		frame, err = s.enc.Sink(nil, recs)
	} else {
		recs := make([]connect.SourceRecord, len(b.Records))
		for i, in := range b.Records {
			if err := r.source(&recs[i], in); err != nil {
				return nil, recordError(i, &recs[i].Record, err)
			}
		}
		frame, err = s.enc.Source(nil, recs)
	}
	return &Message{Frame: frame}, err
}
