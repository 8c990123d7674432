package data

import "strings"

// Project turns a value of source into one of target, as a sink does that reads old records with a newer schema (Java: SchemaProjector).
// Numbers may widen along INT8 … FLOAT64, fields that source lacks take target's default or stay unset, names and parameters must be
// equal. The result shares nothing with v that was changed, and may share the rest.
func Project(source *Schema, v Value, target *Schema) (Value, error) {
	if err := projectable(source, target); err != nil {
		return Value{}, err
	}
	if source.optional && !target.optional {
		if !target.hasDef {
			return Value{}, Errorf("Writer schema is optional, however, target schema does not provide a default value.")
		}
		if v.IsNull() {
			return target.def, nil
		}
	}
	if v.IsNull() {
		return Value{}, nil
	}
	switch target.typ {
	case StructType:
		return projectStruct(source, v, target)
	case ArrayType:
		return projectArray(source, v, target)
	case MapType:
		return projectMap(source, v, target)
	}
	return promote(v, target), nil
}

func projectable(source, target *Schema) error {
	switch {
	case source.typ != target.typ && (source.typ > target.typ || target.typ > Float64):
		return Errorf("Schema type mismatch. source type: %s and target type: %s", source.typ, target.typ)
	case !equalPtr(source.name, target.name):
		return Errorf("Schema name mismatch. source name: %s and target name: %s", orNull(source.name), orNull(target.name))
	case !equalParams(source.params, target.params):
		return Errorf("Schema parameters not equal. source parameters: %s and target parameters: %s", paramText(source.params), paramText(target.params))
	}
	return nil
}

func orNull(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

// paramText prints a Java map.
func paramText(ps []Param) string {
	if ps == nil {
		return "null"
	}
	parts := make([]string, len(ps))
	for i, p := range ps {
		parts[i] = p.Name + "=" + p.Value
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// promote widens a number; other values, and those of logical types, are as they were.
func promote(v Value, target *Schema) Value {
	k := v.Kind()
	if k < KindInt8 || k > KindFloat64 || target.logical != NotLogical || k == kindOfType[target.typ] {
		return v
	}
	switch target.typ {
	case Int16:
		return Int16Value(int16(v.Int()))
	case Int32:
		return Int32Value(int32(v.Int()))
	case Int64:
		return Int64Value(v.Int())
	case Float32:
		return Float32Value(float32(v.Int()))
	}
	if k == KindFloat32 {
		return Float64Value(v.Float())
	}
	return Float64Value(float64(v.Int()))
}

func projectStruct(source *Schema, v Value, target *Schema) (Value, error) {
	from := v.Struct()
	if from == nil {
		return Value{}, mismatch(source, v)
	}
	to := NewStruct(target)
	for i := range target.fields {
		f := &target.fields[i]
		g, ok := source.Field(f.Name)
		switch {
		case ok:
			p, err := Project(g.Schema, from.AtWithDefault(g.Index), f.Schema)
			if err == nil && p.IsNull() && !f.Schema.optional {
				err = Errorf("Invalid value: null used for required %s, schema type: %s", fieldLoc(f.Name), f.Schema.typ)
			}
			if err != nil {
				return Value{}, &Error{Msg: "Error projecting " + f.Name, Err: err}
			}
			to.vals[i] = p
		case f.Schema.optional:
		case f.Schema.hasDef:
			to.vals[i] = f.Schema.def
		default:
			return Value{}, Errorf("Required field `%s` is missing from source schema: %s", f.Name, source)
		}
	}
	return StructValue(to), nil
}

func projectArray(source *Schema, v Value, target *Schema) (Value, error) {
	if v.Kind() != KindArray {
		return Value{}, mismatch(source, v)
	}
	out := make([]Value, len(v.Array()))
	for i, e := range v.Array() {
		var err error
		if out[i], err = Project(source.value, e, target.value); err != nil {
			return Value{}, err
		}
	}
	return ArrayValue(out), nil
}

func projectMap(source *Schema, v Value, target *Schema) (Value, error) {
	if v.Kind() != KindMap {
		return Value{}, mismatch(source, v)
	}
	out := NewMap(v.Map().Len())
	for k, e := range v.Map().All() {
		key, err := Project(source.key, k, target.key)
		if err != nil {
			return Value{}, err
		}
		if e, err = Project(source.value, e, target.value); err != nil {
			return Value{}, err
		}
		out.Put(key, e)
	}
	return MapValue(out), nil
}
