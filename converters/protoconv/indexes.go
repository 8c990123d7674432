package protoconv

import (
	"encoding/binary"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kurier-io/kurier/plugins/data"
)

// deepest bounds the path of a message in its file, and how deep messages nest in schemas.
const deepest = 100

// indexesOf returns the path of positions that leads to a message from its file.
func indexesOf(m protoreflect.MessageDescriptor) []int {
	var path []int
	for d := protoreflect.Descriptor(m); ; d = d.Parent() {
		if _, ok := d.(protoreflect.FileDescriptor); ok {
			return path
		}
		path = append([]int{d.Index()}, path...)
	}
}

// appendIndexes writes the path of a message: the number of positions and each of them, zig-zag; the usual path, [0], is one zero.
func appendIndexes(dst []byte, path []int) []byte {
	if len(path) == 1 && path[0] == 0 {
		return append(dst, 0)
	}
	dst = binary.AppendVarint(dst, int64(len(path)))
	for _, i := range path {
		dst = binary.AppendVarint(dst, int64(i))
	}
	return dst
}

// cutIndexes splits the path off a message. It does not read the positions, so that the usual ones cost nothing.
func cutIndexes(b []byte) (path, body []byte, err error) {
	if len(b) > 0 && b[0] == 0 {
		return b[:1], b[1:], nil
	}
	n, at := binary.Varint(b)
	if at <= 0 || n < 0 || n > deepest {
		return nil, nil, data.Errorf("the message indexes after the schema id are damaged, or the bytes are not Protobuf")
	}
	for range n {
		_, used := binary.Varint(b[at:])
		if used <= 0 {
			return nil, nil, data.Errorf("the message ends in the middle of its message indexes")
		}
		at += used
	}
	return b[:at], b[at:], nil
}

// parseIndexes reads what cutIndexes cut.
func parseIndexes(path []byte) []int {
	n, at := binary.Varint(path)
	if n == 0 {
		return []int{0}
	}
	out := make([]int, n)
	for i := range out {
		v, used := binary.Varint(path[at:])
		out[i], at = int(v), at+used
	}
	return out
}
