package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// AppendPosition appends a source partition or offset in binary form, keys sorted, so that equal maps have equal bytes.
func AppendPosition(dst []byte, p map[string]any) ([]byte, error) {
	dst = append(dst, byte(data.KindMap))
	dst = binary.AppendUvarint(dst, uint64(len(p)))
	var room [8]string
	keys := room[:0]
	for k := range p {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		v, err := valueOf(p[k])
		if err == nil {
			dst, err = data.AppendValue(dst, nil, data.StringValue(k))
		}
		if err == nil {
			dst, err = data.AppendValue(dst, nil, v)
		}
		if err != nil {
			return dst, fmt.Errorf("%q: %w", k, err)
		}
	}
	return dst, nil
}

func valueOf(x any) (data.Value, error) {
	switch x := x.(type) {
	case nil:
		return data.Null(), nil
	case bool:
		return data.BoolValue(x), nil
	case string:
		return data.StringValue(x), nil
	case []byte:
		return data.BytesValue(x), nil
	case int:
		return data.Int64Value(int64(x)), nil
	case int8:
		return data.Int64Value(int64(x)), nil
	case int16:
		return data.Int64Value(int64(x)), nil
	case int32:
		return data.Int64Value(int64(x)), nil
	case int64:
		return data.Int64Value(x), nil
	case float32:
		return data.Float64Value(float64(x)), nil
	case float64:
		return data.Float64Value(x), nil
	}
	return data.Value{}, fmt.Errorf("a %T cannot be part of a source partition or offset: use strings, booleans, integers, floats or nil", x)
}

// DecodePosition reads what AppendPosition wrote; integers come back as int64, floats as float64.
func DecodePosition(b []byte) (map[string]any, error) {
	var d data.Decoder
	v, rest, err := d.Decode(nil, b)
	if err != nil || len(rest) != 0 {
		return nil, malformed("position")
	}
	return positionOf(v)
}

func positionOf(v data.Value) (map[string]any, error) {
	if v.Kind() != data.KindMap {
		return nil, malformed("a position that is not a map")
	}
	out := make(map[string]any, v.Map().Len())
	for k, e := range v.Map().All() {
		if k.Kind() != data.KindString {
			return nil, malformed("a position with a key that is not a string")
		}
		var x any
		switch e.Kind() {
		case data.KindNull:
		case data.KindBool:
			x = e.Bool()
		case data.KindInt64:
			x = e.Int()
		case data.KindFloat64:
			x = e.Float()
		case data.KindString:
			x = strings.Clone(e.Str())
		case data.KindBytes:
			x = bytes.Clone(e.Bytes())
		default:
			return nil, malformed("a position with a nested value")
		}
		out[strings.Clone(k.Str())] = x
	}
	return out, nil
}

// positionJSON gives nil as "".
func positionJSON(p map[string]any) (string, error) {
	if p == nil {
		return "", nil
	}
	norm := make(map[string]any, len(p))
	for k, x := range p {
		v, err := valueOf(x)
		if err != nil {
			return "", fmt.Errorf("%q: %w", k, err)
		}
		switch v.Kind() {
		case data.KindFloat64:
			norm[k] = json.RawMessage(data.FormatFloat(v.Float(), 64)) // keeps ".0", so that it stays a float
		case data.KindBytes:
			norm[k] = base64.StdEncoding.EncodeToString(v.Bytes())
		default:
			norm[k] = x
		}
	}
	b, err := json.Marshal(norm)
	return string(b), err
}

func positionFromJSON(text string) (map[string]any, error) {
	if text == "" {
		return nil, nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var p map[string]any
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("%w: position: %w", ErrMalformed, err)
	}
	for k, x := range p {
		n, ok := x.(json.Number)
		if !ok {
			continue
		}
		if i, err := n.Int64(); err == nil {
			p[k] = i
		} else if f, err := n.Float64(); err == nil {
			p[k] = f
		}
	}
	return p, nil
}

// PositionsToPB converts positions for a control message.
func PositionsToPB(ps []connect.SourcePosition) (*pluginpb.Positions, error) {
	out := &pluginpb.Positions{}
	for _, p := range ps {
		part, err := positionJSON(p.Partition)
		if err != nil {
			return nil, err
		}
		off, err := positionJSON(p.Offset)
		if err != nil {
			return nil, err
		}
		out.Positions = append(out.Positions, &pluginpb.Position{Partition: part, Offset: off})
	}
	return out, nil
}

// PositionsFromPB is the inverse of PositionsToPB.
func PositionsFromPB(ps *pluginpb.Positions) ([]connect.SourcePosition, error) {
	out := make([]connect.SourcePosition, 0, len(ps.GetPositions()))
	for _, p := range ps.GetPositions() {
		part, err := positionFromJSON(p.Partition)
		if err != nil {
			return nil, err
		}
		off, err := positionFromJSON(p.Offset)
		if err != nil {
			return nil, err
		}
		out = append(out, connect.SourcePosition{Partition: part, Offset: off})
	}
	return out, nil
}
