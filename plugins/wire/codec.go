package wire

import (
	"fmt"
	"sync"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec that everything but task messages uses
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// CapabilityFrames is announced by plugins that speak SourceTaskFrames and SinkTaskFrames.
const CapabilityFrames = "frames"

// Full method names of the conversations in frames. They are not in plugin.proto, since their messages are not protobuf.
const (
	MethodSourceTaskFrames = "/kurier.plugin.v1.Plugin/SourceTaskFrames"
	MethodSinkTaskFrames   = "/kurier.plugin.v1.Plugin/SinkTaskFrames"
)

// A Message is one message of a conversation in frames: a control message or a frame, never both.
type Message struct {
	Control *pluginpb.TaskMessage
	// Frame is a batch. What was received belongs to the receiver, and nothing else refers to it. What is sent is handed over: it
	// goes back to Pool, when that is set, once gRPC has written it.
	Frame []byte
	Pool  *FramePool
}

// A FramePool keeps buffers for frames to be sent. The zero pool is ready; it is safe for concurrent use.
type FramePool struct{ p sync.Pool }

// Buffer returns an empty buffer.
func (f *FramePool) Buffer() []byte {
	if b, ok := f.p.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

// Get implements mem.BufferPool.
func (f *FramePool) Get(length int) *[]byte {
	b := make([]byte, length)
	return &b
}

// Put implements mem.BufferPool: gRPC calls it when the frame is written.
func (f *FramePool) Put(b *[]byte) { f.p.Put(b) }

const (
	kindControl = 0
	kindFrame   = 1
)

// Codec carries Messages as they are, and everything else as protobuf. It is forced on the server, and on the client's task streams.
type Codec struct{}

// Name returns the content subtype.
func (Codec) Name() string { return "kurier-frame" }

// Marshal implements encoding.CodecV2.
func (Codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*Message)
	if !ok {
		return encoding.GetCodecV2("proto").Marshal(v)
	}
	if m.Frame != nil {
		if m.Pool != nil {
			return mem.BufferSlice{mem.SliceBuffer([]byte{kindFrame}), mem.NewBuffer(&m.Frame, m.Pool)}, nil
		}
		return mem.BufferSlice{mem.SliceBuffer([]byte{kindFrame}), mem.SliceBuffer(m.Frame)}, nil
	}
	b, err := proto.MarshalOptions{}.MarshalAppend([]byte{kindControl}, m.Control)
	if err != nil {
		return nil, err
	}
	return mem.BufferSlice{mem.SliceBuffer(b)}, nil
}

// Unmarshal implements encoding.CodecV2.
func (Codec) Unmarshal(in mem.BufferSlice, v any) error {
	m, ok := v.(*Message)
	if !ok {
		return encoding.GetCodecV2("proto").Unmarshal(in, v)
	}
	b := make([]byte, in.Len())
	in.CopyTo(b)
	if len(b) == 0 {
		return fmt.Errorf("%w: empty message", ErrMalformed)
	}
	switch b[0] {
	case kindFrame:
		m.Frame = b[1:]
		return nil
	case kindControl:
		m.Control = &pluginpb.TaskMessage{}
		return proto.Unmarshal(b[1:], m.Control)
	}
	return fmt.Errorf("%w: message kind %d", ErrMalformed, b[0])
}
