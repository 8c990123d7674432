package conversion

import (
	"context"
	"encoding/json"

	"github.com/kurier-io/kurier/plugins/data"
)

// read measures the way back: bytes into rows, and rows into the frame for a sink's process.
func (m *measuring) read(ctx context.Context, s *shape, f format) error {
	conv, err := m.converter(f)
	if err != nil {
		return err
	}
	in, _, err := conv.FromConnectData(nil, topic, s.schema, data.StructValue(data.StructOn(s.schema, s.row())))
	if err != nil {
		return err
	}
	reader, err := m.converter(f)
	if err != nil {
		return err
	}
	var frame []byte
	j := func() error {
		frame = frame[:0]
		for range batch {
			schema, v, err := reader.ToConnectData(topic, in)
			if err != nil {
				return err
			}
			if frame, err = data.AppendValue(frame, schema, v); err != nil {
				return err
			}
		}
		return nil
	}
	decode := func(b []byte) error {
		var row any
		return json.Unmarshal(b, &row)
	}
	name := "encoding/json, not into a frame"
	if f.name == "Avro" {
		lib, err := m.avroLibrary(s, f)
		if err != nil {
			return err
		}
		name = "goavro, not into a frame"
		decode = func(b []byte) error {
			_, err := lib.Decode(b[5:])
			return err
		}
	}
	library := func() error {
		for range batch {
			if err := decode(in); err != nil {
				return err
			}
		}
		return nil
	}
	return m.compare(ctx, s.name+", "+f.name+" to frame", 0, j, yardstick{name, library, 0})
}
