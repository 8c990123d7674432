// Package conversion measures the worker's own work on one core: from a plugin's frame through transformations to the bytes of a converter,
// and back. The yardsticks run beside it in the same rounds.
package conversion

import (
	"fmt"

	"github.com/kurier-io/kurier/plugins/data"
)

// A shape is a kind of row.
type shape struct {
	name   string
	schema *data.Schema
	row    func() []data.Value
	// handJSON and handAvro write a row as a program would that knows nothing but this row.
	handJSON, handAvro func(dst []byte, st *data.Struct) []byte
}

func required(t data.Type) *data.Schema { return data.Of(t).MustBuild() }
func optional(t data.Type) *data.Schema { return data.Of(t).Optional().MustBuild() }

// shapes are a narrow, a usual and a wide row. The usual one has twelve fields, seven of them optional.
func shapes() []shape {
	narrow := data.StructOf().Name("srv.public.tags.Value").
		Field("id", required(data.Int64)).Field("name", optional(data.String)).Field("n", required(data.Int32)).MustBuild()
	usual := usualFields(data.StructOf().Name("srv.public.orders.Value"), "")
	wide := data.StructOf().Name("srv.public.measures.Value")
	for i := range wideTimes {
		usualFields(wide, fmt.Sprintf("_%d", i))
	}
	return []shape{
		{"narrow row", narrow, func() []data.Value {
			return []data.Value{data.Int64Value(123456789), data.StringValue("Ada Lovelace"), data.Int32Value(4711)}
		}, narrowJSON, narrowAvro},
		{"usual row", usual.MustBuild(), usualRow, usualJSON, usualAvro},
		{"wide row", wide.MustBuild(), func() []data.Value {
			var out []data.Value
			for range wideTimes {
				out = append(out, usualRow()...)
			}
			return out
		}, wideJSON, wideAvro},
	}
}

// wideTimes is how many usual rows make a wide one: 120 fields.
const wideTimes = 10

func usualFields(b *data.Builder, suffix string) *data.Builder {
	for _, f := range []struct {
		name string
		s    *data.Schema
	}{
		{"id", required(data.Int64)}, {"name", optional(data.String)}, {"email", optional(data.String)}, {"age", optional(data.Int32)},
		{"active", required(data.Boolean)}, {"score", optional(data.Float64)}, {"city", optional(data.String)}, {"visits", required(data.Int32)},
		{"created", data.TimestampOf().MustBuild()}, {"updated", data.TimestampOf().Optional().MustBuild()}, {"status", required(data.String)},
		{"note", optional(data.String)},
	} {
		b.Field(f.name+suffix, f.s)
	}
	return b
}

func usualRow() []data.Value {
	return []data.Value{
		data.Int64Value(123456789), data.StringValue("Ada Lovelace"), data.StringValue("ada@example.com"), data.Int32Value(36), data.BoolValue(true),
		data.Float64Value(97.25), data.StringValue("London"), data.Int32Value(4711), data.TimestampValue(1566570894346), data.TimestampValue(1566570999999),
		data.StringValue("shipped"), {},
	}
}

// frame is a batch of rows in their binary form.
func (s *shape) frame(rows int) ([]byte, error) {
	var out []byte
	var err error
	v := data.StructValue(data.StructOn(s.schema, s.row()))
	for range rows {
		if out, err = data.AppendValue(out, s.schema, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}
