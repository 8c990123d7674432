package transforms

import (
	"strings"
	"time"

	"github.com/kurier-io/kurier/converters/simpledate"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type timestampSettings struct {
	Field     string `config:"field" default:"" importance:"high" doc:"The field containing the timestamp, or empty if the entire value is a timestamp"`
	Target    string `config:"target.type,required" enum:"string|unix|Date|Time|Timestamp" importance:"high" doc:"The desired timestamp representation: string, unix, Date, Time, or Timestamp"`
	Format    string `config:"format" default:"" importance:"medium" doc:"A SimpleDateFormat-compatible format for the timestamp. Used to generate the output when type=string or used to parse the input if the input is a string."`
	Precision string `config:"unix.precision" default:"milliseconds" enum:"nanoseconds|microseconds|milliseconds|seconds" importance:"low" doc:"The desired Unix precision for the timestamp: seconds, milliseconds, microseconds, or nanoseconds. Used to generate the output when type=unix or used to parse the input if the input is a Long.Note: This SMT will cause precision loss during conversions from, and to, values with sub-millisecond components."`
	smt.NullDefault
}

type timestampConverter struct {
	smt.Side
	timestampSettings
	target             form
	unit               unit
	format             *simpledate.Format
	printer            simpledate.Printer
	required, optional *data.Schema // of the target
	plans              smt.Planner[conversion]
	slab               smt.Slab
}

// A conversion is what is known about an input schema; form is that of the field, or of the whole value.
type conversion struct {
	smt.Projection
	field int // -1: there is no such field
	form  form
	// formless is why values of the field cannot be converted; a null needs no conversion.
	formless error
}

func (t *timestampConverter) Configure(props connect.Props) (err error) {
	if t.timestampSettings, err = config.Parse[timestampSettings](props); err != nil {
		return err
	}
	t.target, t.unit = formOf[t.Target], units[t.Precision]
	t.required, t.optional = t.target.schema(false), t.target.schema(true)
	if strings.TrimSpace(t.Format) == "" {
		if t.target == stringForm {
			return smt.ConfigErr("format", "TimestampConverter requires format option to be specified when using string timestamps")
		}
		return nil
	}
	if t.format, err = simpledate.Compile(t.Format); err != nil {
		return smt.ConfigErr("format", "Invalid value java.lang.IllegalArgumentException: %v for configuration TimestampConverter requires a SimpleDateFormat-compatible pattern for string timestamps: %s", err, t.Format)
	}
	t.printer = t.format.Printer()
	return nil
}

const converting = "converting timestamp formats"

func (t *timestampConverter) Apply(r *connect.Record) (bool, error) {
	s, v := t.Get(r)
	if s == nil {
		return true, t.schemaless(r, v)
	}
	if t.Field != "" && !v.IsNull() {
		if _, err := smt.RequireStruct(v, converting); err != nil {
			return true, err
		}
	}
	plan, err := t.plans.Of(s, t.derive)
	if err != nil {
		return true, err
	}
	if t.Field == "" {
		if v, err = t.convert(v, plan.form); err != nil {
			return true, err
		}
		t.Set(r, plan.Schema, v)
		return true, nil
	}
	if v.IsNull() {
		t.Set(r, plan.Schema, v)
		return true, nil
	}
	st, err := smt.RequireStruct(v, converting)
	if err != nil {
		return true, err
	}
	if plan, err = t.plans.Of(st.Schema(), t.derive); err != nil {
		return true, err
	}
	out, err := t.rebuild(t.Owned(r, st), st, plan)
	if err != nil {
		return true, err
	}
	t.SetStruct(r, plan.Schema, out)
	return true, nil
}

// rebuild makes the struct of st with the field converted, out of owned if it is not nil.
func (t *timestampConverter) rebuild(owned, st *data.Struct, plan *conversion) (*data.Struct, error) {
	var v data.Value
	if plan.field >= 0 {
		v = smt.At(st, plan.field, t.Default)
	}
	out, err := plan.ApplyTo(owned, &t.slab, st)
	if err != nil || plan.field < 0 {
		return out, err
	}
	if plan.formless != nil {
		return nil, plan.formless
	}
	if v, err = t.convert(v, plan.form); err == nil {
		err = smt.Checked(&plan.Schema.Fields()[plan.field], v)
	}
	out.SetAt(plan.field, v)
	return out, err
}

func (t *timestampConverter) schemaless(r *connect.Record, v data.Value) error {
	if v.IsNull() {
		return nil
	}
	if t.Field == "" {
		out, err := t.inferred(v)
		if err != nil {
			return err
		}
		t.Set(r, nil, out)
		return nil
	}
	m, err := smt.RequireMap(v, converting)
	if err != nil {
		return err
	}
	old, _ := m.GetString(t.Field)
	converted, err := t.inferred(old)
	if err != nil {
		return err
	}
	out := smt.CopyMap(m, 1)
	out.Put(data.StringValue(t.Field), converted)
	t.Set(r, nil, data.MapValue(out))
	return nil
}

func (t *timestampConverter) inferred(v data.Value) (data.Value, error) {
	switch v.Kind() {
	case data.KindNull:
		return v, nil
	case data.KindTimestamp:
		return t.convert(v, timestampForm)
	case data.KindInt64:
		return t.convert(v, unixForm)
	case data.KindString:
		return t.convert(v, stringForm)
	}
	return v, data.Errorf("TimestampConverter does not support class %s objects as timestamps", v.Kind().JavaClass())
}

func (t *timestampConverter) typeSchema(optional bool) *data.Schema {
	if optional {
		return t.optional
	}
	return t.required
}

func (t *timestampConverter) derive(s *data.Schema) (conversion, error) {
	p := conversion{field: -1}
	var err error
	if t.Field == "" {
		p.Schema = t.typeSchema(s.Optional())
		p.form, err = formOfSchema(s)
		return p, err
	}
	if s.Type() != data.StructType {
		return p, data.Errorf("Cannot list fields on non-struct type")
	}
	b := smt.Basics(s)
	for _, f := range s.Fields() {
		if f.Name != t.Field {
			b.Field(f.Name, f.Schema)
			continue
		}
		p.field = f.Index
		p.form, p.formless = formOfSchema(f.Schema)
		b.Field(f.Name, t.typeSchema(f.Schema.Optional()))
	}
	if s.Optional() {
		b.Optional()
	}
	if p.Schema, err = b.Build(); err != nil {
		return p, err
	}
	from := smt.All(s, 0)
	if p.field >= 0 {
		from[p.field] = -1
	}
	p.Projection = smt.NewProjection(p.Schema, s, from, t.Default)
	if def, ok := s.Default(); ok && !def.IsNull() {
		st, err := t.rebuild(nil, def.Struct(), &p)
		if err != nil {
			return p, err
		}
		p.Schema, err = p.Schema.WithDefault(data.StructValue(st))
		return p, err
	}
	return p, nil
}

// convert brings a value of a form to the target's.
func (t *timestampConverter) convert(v data.Value, from form) (data.Value, error) {
	if v.IsNull() {
		return v, nil
	}
	ms, err := t.millis(v, from)
	if err != nil {
		return v, err
	}
	switch t.target {
	case stringForm:
		return t.slab.Keep(t.printer.Append(t.slab.Text(len(t.Format)+8), ms)), nil
	case unixForm:
		return data.Int64Value(t.unit.fromMillis(ms)), nil
	case dateForm:
		return data.TimestampValue(ms - floorMod(ms, data.MillisPerDay)), nil
	case timeForm:
		return data.TimestampValue(floorMod(ms, data.MillisPerDay)), nil
	}
	return data.TimestampValue(ms), nil
}

func floorMod(a, b int64) int64 { return (a%b + b) % b }

func (t *timestampConverter) millis(v data.Value, from form) (int64, error) {
	class := v.Kind().JavaClass()
	switch from {
	case stringForm:
		if v.Kind() != data.KindString {
			return 0, data.Errorf("Expected string timestamp to be a String, but found class %s", class)
		}
		if t.format == nil {
			return 0, data.Errorf("TimestampConverter requires format option to be specified when using string timestamps")
		}
		if err := t.format.Readable(); err != nil {
			return 0, data.Errorf("Could not parse timestamp: %v", err)
		}
		ms, ok := t.format.Parse(v.Str(), time.Now)
		if !ok {
			return 0, data.Errorf("Could not parse timestamp: value (%s) does not match pattern (%s)", smt.Show(v), t.Format)
		}
		return ms, nil
	case unixForm:
		if v.Kind() != data.KindInt64 {
			return 0, data.Errorf("Expected Unix timestamp to be a Long, but found class %s", class)
		}
		return t.unit.toMillis(v.Int()), nil
	}
	if v.Kind() != data.KindTimestamp {
		return 0, data.Errorf("Expected Timestamp to be a java.util.Date, but found class %s", class)
	}
	return v.Millis(), nil
}
