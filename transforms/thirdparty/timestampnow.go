package thirdparty

import (
	"slices"
	"time"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type nowSettings struct {
	Fields []string `config:"fields,required" importance:"high" doc:"The field(s) that will be inserted with the timestamp of the system."`
	Amount int64    `config:"add.amount" default:"0" importance:"low" doc:"How many of the chosen ChronoUnits to add to the timestamp of the system."`
	Unit   string   `config:"add.chronounit" default:"DAYS" enum:"NANOS|MICROS|MILLIS|SECONDS|MINUTES|HOURS|HALF_DAYS|DAYS|WEEKS|MONTHS|YEARS|DECADES|CENTURIES|MILLENNIA" importance:"low" doc:"The ChronoUnit to add, for example DAYS."`
	Target string   `config:"target.type" default:"Date" enum:"Date|Unix" importance:"low" doc:"The desired timestamp representation: Date, a Connect timestamp, or Unix, a number of seconds."`
}

// secondsOf are the lengths that java.time.temporal.ChronoUnit estimates.
var secondsOf = map[string]int64{
	"SECONDS": 1, "MINUTES": 60, "HOURS": 3600, "HALF_DAYS": 43_200, "DAYS": 86_400, "WEEKS": 604_800, "MONTHS": 2_629_746, "YEARS": 31_556_952,
	"DECADES": 315_569_520, "CENTURIES": 3_155_695_200, "MILLENNIA": 31_556_952_000,
}

type timestampNowField struct {
	smt.Side
	nowSettings
	addMillis int64
	schema    *data.Schema
	plans     smt.Planner[nowPlan]
	slab      smt.Slab
}

type nowPlan struct {
	smt.Projection
	set []int
}

// Configure takes add.amount at its word: the original adds one unit, whatever the amount is.
func (t *timestampNowField) Configure(props connect.Props) (err error) {
	if t.nowSettings, err = config.Parse[nowSettings](props); err != nil {
		return err
	}
	switch t.Unit {
	case "NANOS":
		t.addMillis = t.Amount / 1_000_000
	case "MICROS":
		t.addMillis = t.Amount / 1000
	case "MILLIS":
		t.addMillis = t.Amount
	default:
		t.addMillis = t.Amount * secondsOf[t.Unit] * 1000
		if t.Amount != 0 && t.addMillis/t.Amount != secondsOf[t.Unit]*1000 {
			return smt.ConfigErr("add.amount", "Invalid value %d for configuration add.amount: so many %s do not fit a timestamp", t.Amount, t.Unit)
		}
	}
	if t.schema = data.TimestampOf().MustBuild(); t.Target == "Unix" {
		t.schema = data.Of(data.Int64).MustBuild()
	}
	return nil
}

const settingNow = "field insertion"

func (t *timestampNowField) now() data.Value {
	ms := time.Now().UnixMilli() + t.addMillis
	if t.Target == "Unix" {
		return data.Int64Value(time.UnixMilli(ms).Unix())
	}
	return data.TimestampValue(ms)
}

func (t *timestampNowField) Apply(r *connect.Record) (bool, error) {
	s, v := t.Get(r)
	if v.IsNull() {
		return true, nil
	}
	now := t.now()
	if s == nil {
		m, err := smt.RequireMap(v, settingNow)
		if err != nil {
			return true, err
		}
		out := smt.CopyMap(m, len(t.Fields))
		for _, f := range t.Fields {
			out.Put(data.StringValue(f), now)
		}
		t.Set(r, nil, data.MapValue(out))
		return true, nil
	}
	st, err := smt.RequireStruct(v, settingNow)
	if err != nil {
		return true, err
	}
	plan, err := t.plans.Of(st.Schema(), t.derive)
	if err != nil {
		return true, err
	}
	out, err := plan.Apply(&t.slab, st)
	if err != nil {
		return true, err
	}
	for _, i := range plan.set {
		out.SetAt(i, now)
	}
	t.SetStruct(r, plan.Schema, out)
	return true, nil
}

// derive keeps fields that are of the right type where they are; the others come last.
func (t *timestampNowField) derive(s *data.Schema) (nowPlan, error) {
	var p nowPlan
	var from []int
	b := smt.Basics(s)
	add := func(name string, schema *data.Schema, source int) {
		if source < 0 {
			p.set = append(p.set, len(from))
		}
		b.Field(name, schema)
		from = append(from, source)
	}
	there := map[string]bool{}
	for _, f := range s.Fields() {
		switch {
		case !slices.Contains(t.Fields, f.Name):
			add(f.Name, f.Schema, f.Index)
		case f.Schema.Type() == data.Int64 && (t.Target == "Unix" && f.Schema.Logical() == data.NotLogical || t.Target != "Unix" && f.Schema.Logical() == data.LogicalTimestamp):
			add(f.Name, f.Schema, -1)
			there[f.Name] = true
		}
	}
	for _, name := range t.Fields {
		if !there[name] {
			add(name, t.schema, -1)
			there[name] = true
		}
	}
	if s.Optional() {
		b.Optional()
	}
	out, err := b.Build()
	if err == nil {
		p.Projection = smt.NewProjection(out, s, from, true)
	}
	return p, err
}
