package transforms

import (
	"math/big"
	"slices"
	"strconv"

	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type maskSettings struct {
	Fields      []string `config:"fields,required" importance:"high" doc:"Names of fields to mask."`
	Replacement string   `config:"replacement" nonempty:"true" importance:"low" doc:"Custom value replacement, that will be applied to all 'fields' values (numeric or non-empty string values only)."`
	smt.NullDefault
}

func maskDef() *config.Def { return nonEmpty[maskSettings]("fields") }

type maskField struct {
	smt.Side
	maskSettings
	plans smt.Planner[maskPlan]
	slab  smt.Slab
}

type maskPlan struct {
	smt.Projection
	masked []int
}

func (t *maskField) Configure(props connect.Props) (err error) {
	t.maskSettings, err = config.ParseWith[maskSettings](maskDef(), props)
	return err
}

const masking = "mask fields"

func (t *maskField) Apply(r *connect.Record) (bool, error) {
	s, v := t.Get(r)
	if s == nil {
		return true, t.inMap(r, v)
	}
	st, err := smt.RequireStruct(v, masking)
	if err != nil {
		return true, err
	}
	plan, err := t.plans.Of(st.Schema(), t.derive)
	if err != nil {
		return true, err
	}
	out, err := plan.ApplyTo(t.Owned(r, st), &t.slab, st)
	if err != nil {
		return true, err
	}
	for _, i := range plan.masked {
		v, err := t.mask(out.At(i))
		if err != nil {
			return true, err
		}
		out.SetAt(i, v)
	}
	t.SetStruct(r, s, out)
	return true, nil
}

func (t *maskField) inMap(r *connect.Record, v data.Value) error {
	m, err := smt.RequireMap(v, masking)
	if err != nil {
		return err
	}
	out := smt.CopyMap(m, len(t.Fields))
	for _, f := range t.Fields {
		old, _ := m.GetString(f)
		v, err := t.mask(old)
		if err != nil {
			return err
		}
		out.Put(data.StringValue(f), v)
	}
	t.Set(r, nil, data.MapValue(out))
	return nil
}

func (t *maskField) derive(s *data.Schema) (maskPlan, error) {
	p := maskPlan{Projection: smt.NewProjection(s, s, smt.All(s, 0), t.Default)}
	for _, f := range s.Fields() {
		if slices.Contains(t.Fields, f.Name) {
			p.masked = append(p.masked, f.Index)
		}
	}
	return p, nil
}

func (t *maskField) mask(v data.Value) (data.Value, error) {
	if v.IsNull() || t.Replacement == "" {
		return zero(v)
	}
	k := v.Kind()
	switch k {
	case data.KindInt8, data.KindInt16, data.KindInt32, data.KindInt64, data.KindFloat32, data.KindFloat64, data.KindDecimal:
	case data.KindString:
		return data.StringValue(t.Replacement), nil
	default:
		return v, data.Errorf("Cannot mask value of type %s with custom replacement.", javatext.Class(v))
	}
	unscaled, scale, ok := data.ParseDecimal(t.Replacement)
	if !ok {
		return v, data.Errorf("Unable to convert %s (class java.lang.String) to a number", t.Replacement)
	}
	d := data.DecimalValue(unscaled, scale)
	switch k {
	case data.KindDecimal:
		return d, nil
	case data.KindFloat32, data.KindFloat64:
		f, _ := strconv.ParseFloat(string(javatext.AppendDecimal(nil, d)), 64)
		if k == data.KindFloat32 {
			return data.Float32Value(float32(f)), nil
		}
		return data.Float64Value(f), nil
	}
	n := castDecimal(d, data.Int64).Int()
	return castInt(n, map[data.Kind]data.Type{data.KindInt8: data.Int8, data.KindInt16: data.Int16, data.KindInt32: data.Int32, data.KindInt64: data.Int64}[k]), nil
}

// zero is the value that stands for nothing in each class.
func zero(v data.Value) (data.Value, error) {
	switch v.Kind() {
	case data.KindNull:
		return v, nil
	case data.KindBool:
		return data.BoolValue(false), nil
	case data.KindInt8:
		return data.Int8Value(0), nil
	case data.KindInt16:
		return data.Int16Value(0), nil
	case data.KindInt32:
		return data.Int32Value(0), nil
	case data.KindInt64:
		return data.Int64Value(0), nil
	case data.KindFloat32:
		return data.Float32Value(0), nil
	case data.KindFloat64:
		return data.Float64Value(0), nil
	case data.KindString:
		return data.StringValue(""), nil
	case data.KindDecimal:
		return data.DecimalValue(new(big.Int), 0), nil // of scale 0, whatever the schema's: a converter may refuse it
	case data.KindTimestamp:
		return data.TimestampValue(0), nil
	case data.KindArray:
		return data.ArrayValue(nil), nil
	case data.KindMap:
		return data.MapValue(data.NewMap(0)), nil
	}
	return v, data.Errorf("Cannot mask value of type: %s", javatext.Class(v))
}
