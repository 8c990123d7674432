//go:build interop

package interop

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/kurier-io/kurier/plugins/data"
)

// A neutralSchema is a schema as interop.cases.Neutral writes it.
type neutralSchema struct {
	Type     string          `json:"type"`
	Optional bool            `json:"optional"`
	Name     *string         `json:"name"`
	Version  *int32          `json:"version"`
	Doc      *string         `json:"doc"`
	Params   [][2]string     `json:"params"`
	Default  *neutralValue   `json:"default"`
	Key      *neutralSchema  `json:"key"`
	Value    *neutralSchema  `json:"value"`
	Fields   []neutralField  `json:"fields"`
	Raw      json.RawMessage `json:"-"`
}

type neutralField struct {
	Name   string         `json:"name"`
	Schema *neutralSchema `json:"schema"`
}

// build makes the schema; ok is false for what Java can have and we cannot: an array or map that says nothing of its elements.
func (n *neutralSchema) build() (s *data.Schema, ok bool, err error) {
	if n == nil {
		return nil, true, nil
	}
	t, known := data.ParseType(n.Type)
	if !known {
		return nil, false, fmt.Errorf("type %q", n.Type)
	}
	b := data.Of(t)
	switch t {
	case data.ArrayType, data.MapType:
		elem, ok, err := n.Value.build()
		if err != nil || !ok || elem == nil {
			return nil, false, err
		}
		if b = data.ArrayOf(elem); t == data.MapType {
			key, ok, err := n.Key.build()
			if err != nil || !ok || key == nil {
				return nil, false, err
			}
			b = data.MapOf(key, elem)
		}
	case data.StructType:
		for _, f := range n.Fields {
			fs, ok, err := f.Schema.build()
			if err != nil || !ok {
				return nil, ok, err
			}
			b.Field(f.Name, fs)
		}
	}
	if n.Optional {
		b.Optional()
	}
	if n.Name != nil {
		b.Name(*n.Name)
	}
	if n.Version != nil {
		b.Version(*n.Version)
	}
	if n.Doc != nil {
		b.Doc(*n.Doc)
	}
	if n.Params != nil {
		ps := make([]data.Param, 0, len(n.Params))
		for _, p := range n.Params {
			ps = append(ps, data.Param{Name: p[0], Value: p[1]})
		}
		b.Params(ps)
	}
	s, err = b.Build()
	if err != nil || n.Default == nil {
		return s, true, err
	}
	def, err := n.Default.build(s)
	if err != nil {
		return nil, true, err
	}
	s, err = s.WithDefault(def)
	return s, true, err
}

// A neutralValue is a value as interop.cases.Neutral writes it.
type neutralValue struct {
	Bool   *bool               `json:"bool"`
	I8     *int8               `json:"i8"`
	I16    *int16              `json:"i16"`
	I32    *int32              `json:"i32"`
	I64    *string             `json:"i64"`
	F32    *int32              `json:"f32"`
	F64    *string             `json:"f64"`
	S      *string             `json:"s"`
	B      *[]byte             `json:"b"`
	Dec    []json.RawMessage   `json:"dec"`
	Date   *string             `json:"date"`
	Arr    *[]*neutralValue    `json:"arr"`
	Map    *[][2]*neutralValue `json:"map"`
	Struct *[]*neutralValue    `json:"struct"`
	Schema *neutralSchema      `json:"schema"`
}

// build makes the value; s is the schema of a struct, nil: its own.
func (n *neutralValue) build(s *data.Schema) (data.Value, error) {
	switch {
	case n == nil:
		return data.Null(), nil
	case n.Bool != nil:
		return data.BoolValue(*n.Bool), nil
	case n.I8 != nil:
		return data.Int8Value(*n.I8), nil
	case n.I16 != nil:
		return data.Int16Value(*n.I16), nil
	case n.I32 != nil:
		return data.Int32Value(*n.I32), nil
	case n.I64 != nil:
		i, err := strconv.ParseInt(*n.I64, 10, 64)
		return data.Int64Value(i), err
	case n.F32 != nil:
		return data.Float32Value(math.Float32frombits(uint32(*n.F32))), nil
	case n.F64 != nil:
		i, err := strconv.ParseInt(*n.F64, 10, 64)
		return data.Float64Value(math.Float64frombits(uint64(i))), err
	case n.S != nil:
		return data.StringValue(*n.S), nil
	case n.B != nil:
		return data.BytesValue(*n.B), nil
	case n.Dec != nil:
		var unscaled string
		var scale int32
		if err := json.Unmarshal(n.Dec[0], &unscaled); err != nil {
			return data.Null(), err
		}
		if err := json.Unmarshal(n.Dec[1], &scale); err != nil {
			return data.Null(), err
		}
		i, ok := new(big.Int).SetString(unscaled, 10)
		if !ok {
			return data.Null(), fmt.Errorf("decimal %q", unscaled)
		}
		return data.DecimalValue(i, scale), nil
	case n.Date != nil:
		i, err := strconv.ParseInt(*n.Date, 10, 64)
		return data.TimestampValue(i), err
	}
	return n.container(s)
}

func (n *neutralValue) container(s *data.Schema) (data.Value, error) {
	var elem, key *data.Schema
	if s != nil && s.Type() != data.StructType {
		elem, key = s.ValueSchema(), s.KeySchema()
	}
	switch {
	case n.Arr != nil:
		out := make([]data.Value, len(*n.Arr))
		for i, e := range *n.Arr {
			var err error
			if out[i], err = e.build(elem); err != nil {
				return data.Null(), err
			}
		}
		return data.ArrayValue(out), nil
	case n.Map != nil:
		m := data.NewMap(len(*n.Map))
		for _, kv := range *n.Map {
			k, err := kv[0].build(key)
			if err != nil {
				return data.Null(), err
			}
			v, err := kv[1].build(elem)
			if err != nil {
				return data.Null(), err
			}
			m.Put(k, v)
		}
		return data.MapValue(m), nil
	case n.Struct != nil:
		if s == nil || s.Type() != data.StructType || s.NumFields() != len(*n.Struct) {
			own, ok, err := n.Schema.build()
			if err != nil || !ok {
				return data.Null(), fmt.Errorf("schema of a struct: %v, %w", ok, err)
			}
			s = own
		}
		vals := make([]data.Value, len(*n.Struct))
		for i, e := range *n.Struct {
			var err error
			if vals[i], err = e.build(s.Fields()[i].Schema); err != nil {
				return data.Null(), err
			}
		}
		return data.StructValue(data.StructOn(s, vals)), nil
	}
	return data.Null(), fmt.Errorf("a value of no known kind")
}
