package membership

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/kurier-io/kurier/runtime/assign"
)

// Error codes of an assignment (ConnectProtocol.Assignment in Kafka).
const (
	assignmentOK int16 = 0
	// configMismatch tells members that the leader could not read the config topic as far as some member
	// did: nobody starts anything, all catch up and rejoin.
	configMismatch int16 = 1
)

// connectorTask stands for the connector itself in a list of task numbers.
const connectorTask = -1

// Metadata is what a worker tells the leader in its JoinGroup request.
type Metadata struct {
	Version      Protocol
	URL          string // with trailing slash
	ConfigOffset int64
	Allocation   *Assignment // what the worker runs; nil: nothing. Not carried by Eager.
}

// Assignment is what the leader tells a worker in its SyncGroup response.
type Assignment struct {
	Version      Protocol
	Error        int16
	Leader       string // member id
	LeaderURL    string
	ConfigOffset int64
	Assigned     assign.Assignment
	Revoked      assign.Assignment // not carried by Eager
	Delay        time.Duration     // not carried by Eager; milliseconds on the wire, rounded up
}

var errTruncated = errors.New("truncated")

// AppendTo appends the wire form of m.
func (m Metadata) AppendTo(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(m.Version))
	b = appendString(b, m.URL)
	b = binary.BigEndian.AppendUint64(b, uint64(m.ConfigOffset))
	if m.Version == Eager {
		return b
	}
	if m.Allocation == nil {
		return binary.BigEndian.AppendUint32(b, math.MaxUint32)
	}
	own := m.Allocation.AppendTo(nil)
	b = binary.BigEndian.AppendUint32(b, uint32(len(own)))
	return append(b, own...)
}

// AppendTo appends the wire form of a.
func (a Assignment) AppendTo(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(a.Version))
	b = binary.BigEndian.AppendUint16(b, uint16(a.Error))
	b = appendString(b, a.Leader)
	b = appendString(b, a.LeaderURL)
	b = binary.BigEndian.AppendUint64(b, uint64(a.ConfigOffset))
	b = appendWork(b, a.Assigned, a.Version != Eager)
	if a.Version == Eager {
		return b
	}
	b = appendWork(b, a.Revoked, true)
	ms := (a.Delay + time.Millisecond - 1) / time.Millisecond
	return binary.BigEndian.AppendUint32(b, uint32(min(ms, math.MaxInt32)))
}

func appendString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

// appendWork groups work by connector, connectors of a's connector list first.
func appendWork(b []byte, a assign.Assignment, nullable bool) []byte {
	if nullable && a.Empty() {
		return binary.BigEndian.AppendUint32(b, math.MaxUint32)
	}
	var order []string
	tasks := map[string][]int32{}
	add := func(connector string, task int32) {
		if _, seen := tasks[connector]; !seen {
			order = append(order, connector)
		}
		tasks[connector] = append(tasks[connector], task)
	}
	for _, c := range a.Connectors {
		add(c, connectorTask)
	}
	for _, t := range a.Tasks {
		add(t.Connector, int32(t.Task))
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(order)))
	for _, c := range order {
		b = appendString(b, c)
		b = binary.BigEndian.AppendUint32(b, uint32(len(tasks[c])))
		for _, t := range tasks[c] {
			b = binary.BigEndian.AppendUint32(b, uint32(t))
		}
	}
	return b
}

// DecodeMetadata reads JoinGroup metadata of any version; versions above the known ones are read by their
// known prefix.
func DecodeMetadata(b []byte) (Metadata, error) {
	r := reader{b: b}
	m := Metadata{Version: Protocol(r.int16()), URL: r.string(), ConfigOffset: r.int64()}
	if m.Version > Eager && r.err == nil {
		if own := r.nullableBytes(); own != nil && r.err == nil {
			a, err := DecodeAssignment(own)
			if err != nil {
				return Metadata{}, fmt.Errorf("member metadata: allocation: %w", err)
			}
			m.Allocation = &a
		}
	}
	if r.err != nil {
		return Metadata{}, fmt.Errorf("member metadata: %w", r.err)
	}
	return m, nil
}

// DecodeAssignment reads a SyncGroup assignment of any version.
func DecodeAssignment(b []byte) (Assignment, error) {
	r := reader{b: b}
	a := Assignment{
		Version: Protocol(r.int16()), Error: r.int16(), Leader: r.string(), LeaderURL: r.string(),
		ConfigOffset: r.int64(),
	}
	a.Assigned = r.work()
	if a.Version > Eager {
		a.Revoked = r.work()
		a.Delay = time.Duration(r.int32()) * time.Millisecond
	}
	if r.err != nil {
		return Assignment{}, fmt.Errorf("assignment: %w", r.err)
	}
	return a, nil
}

// reader takes classic Kafka types off a buffer; after the first error everything is zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.b) {
		r.err = errTruncated
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) int16() int16 {
	if b := r.take(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (r *reader) int32() int32 {
	if b := r.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (r *reader) int64() int64 {
	if b := r.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// string reads a STRING; the null that Java writes for an unknown leader URL reads as empty.
func (r *reader) string() string {
	n := r.int16()
	if n == -1 {
		return ""
	}
	return string(r.take(int(n)))
}

func (r *reader) nullableBytes() []byte {
	n := r.int32()
	if n == -1 {
		return nil
	}
	return r.take(int(n))
}

// count reads an array length and refuses one that the rest of the buffer cannot hold.
func (r *reader) count(elem int) int {
	n := int(r.int32())
	if n == -1 {
		return 0
	}
	if n < 0 || n > len(r.b)/elem {
		if r.err == nil {
			r.err = errTruncated
		}
		return 0
	}
	return n
}

func (r *reader) work() assign.Assignment {
	var a assign.Assignment
	for range r.count(6) {
		name := r.string()
		for range r.count(4) {
			switch t := r.int32(); {
			case r.err != nil:
				return a
			case t == connectorTask:
				a.Connectors = append(a.Connectors, name)
			case t < 0:
				r.err = fmt.Errorf("connector %q: task number %d", name, t)
				return a
			default:
				a.Tasks = append(a.Tasks, assign.TaskID{Connector: name, Task: int(t)})
			}
		}
		if r.err != nil {
			return a
		}
	}
	return a
}
