package debezium

import (
	"fmt"
	"strings"

	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	semantic "github.com/kurier-io/kurier/plugins/data/debezium"
	"github.com/kurier-io/kurier/transforms/javaregex"
	"github.com/kurier-io/kurier/transforms/smt"
)

type logicalSettings struct {
	Regex          string `config:"topic.regex,required" importance:"low" doc:"The regular expression that reads the name of the logical table out of the topic's name; it must match the whole name."`
	Replacement    string `config:"topic.replacement,required" importance:"low" doc:"The name of the new topic, in which $1 and ${name} stand for groups of topic.regex."`
	Unique         bool   `config:"key.enforce.uniqueness" default:"true" importance:"low" doc:"Whether keys get a field with the physical table, since keys of several tables may be the same."`
	KeyField       string `config:"key.field.name" importance:"low" doc:"The name of that field."`
	KeyRegex       string `config:"key.field.regex" importance:"low" doc:"The regular expression that reads the physical table out of the old topic's name. Without it the field has the whole name."`
	KeyReplacement string `config:"key.field.replacement" importance:"low" doc:"The value of the field, in which $1 and ${name} stand for groups of key.field.regex."`
	Adjustment     string `config:"schema.name.adjustment.mode" default:"none" enum:"none|avro|avro_unicode" fold:"true" importance:"medium" doc:"How names of schemas are made fit for the converter: none, avro (what Avro does not allow becomes an underscore), avro_unicode (becomes _uxxxx)."`
}

type byTable struct {
	logicalSettings
	Cache int `config:"logical.table.cache.size" default:"16" importance:"low" doc:"How many schemas are kept; at least 256 are."`
}

type toTopic struct {
	logicalSettings
	Cache int `config:"logical.destination.cache.size" default:"16" importance:"low" doc:"How many schemas are kept; at least 256 are."`
}

func byTableDef() *config.Def {
	return logicalDef(config.Of[byTable](), "__dbz__physicalTableIdentifier")
}

func toTopicDef() *config.Def { return logicalDef(config.Of[toTopic](), "__dbz__sourceIdentifier") }

func newByTable() connect.Transformation {
	return &logicalRouter{parse: func(props connect.Props) (logicalSettings, int, error) {
		set, err := config.ParseWith[byTable](byTableDef(), props)
		return set.logicalSettings, set.Cache, err
	}}
}

func newToTopic() connect.Transformation {
	return &logicalRouter{parse: func(props connect.Props) (logicalSettings, int, error) {
		set, err := config.ParseWith[toTopic](toTopicDef(), props)
		return set.logicalSettings, set.Cache, err
	}}
}

func logicalDef(def *config.Def, keyField string) *config.Def {
	regex := func(key string, optional bool) {
		k, _ := def.Key(key)
		k.Check = func(v string) error {
			if v == "" && optional {
				return nil
			}
			return javaregex.Check(v)
		}
	}
	regex("topic.regex", false)
	regex("key.field.regex", true)
	k, _ := def.Key("key.field.name")
	k.Default = &keyField
	return def
}

type logicalRouter struct {
	parse func(connect.Props) (set logicalSettings, cache int, err error)
	logicalSettings
	topics, tables *javaregex.Router
	keys           *lru.Cache[target, *smt.Projection]
	envelopes      *lru.Cache[target, *envelopePlan]
	slab           smt.Slab
}

// A target is a schema of records on their way to a topic.
type target struct {
	schema *data.Schema
	topic  string
}

// An envelopePlan is an envelope whose rows, the fields in rows, have another schema.
type envelopePlan struct {
	smt.Projection
	rows []int
	row  smt.Projection
}

func (t *logicalRouter) Configure(props connect.Props) (err error) {
	var cache int
	if t.logicalSettings, cache, err = t.parse(props); err != nil {
		return err
	}
	cache = max(cache, plansKept)
	if t.KeyRegex != "" && t.KeyReplacement == "" {
		return smt.ConfigErr("key.field.replacement", "Invalid value null for configuration key.field.replacement: key.field.replacement must be non-empty if key.field.regex is set.")
	}
	t.keys, t.envelopes = lru.New[target, *smt.Projection](cache), lru.New[target, *envelopePlan](cache)
	if t.topics, err = javaregex.NewRouter(t.Regex, t.Replacement); err != nil {
		return err
	}
	t.tables = nil
	if t.KeyRegex != "" {
		t.tables, err = javaregex.NewRouter(t.KeyRegex, t.KeyReplacement)
	}
	return err
}

const updating = "Updating schema"

func (t *logicalRouter) Apply(r *connect.Record) (bool, error) {
	topic, matched, err := t.topics.Route(r.Topic)
	if err != nil || !matched || topic == "" {
		return true, err
	}
	out := *r
	out.Topic = topic
	out.KeySchema, out.Key = nil, data.Null()
	if !r.Key.IsNull() {
		if err := t.key(&out, r); err != nil {
			return true, err
		}
	}
	if !r.Value.IsNull() && semantic.IsEnvelope(r.ValueSchema) {
		if err := t.value(&out, r); err != nil {
			return true, err
		}
	}
	*r = out
	return true, nil
}

func (t *logicalRouter) key(out, r *connect.Record) error {
	old, err := smt.RequireStruct(r.Key, updating)
	if err != nil {
		return err
	}
	to := target{old.Schema(), out.Topic}
	plan, ok := t.keys.Get(to)
	if !ok {
		b := t.renamed(old.Schema(), out.Topic+".Key")
		for _, f := range old.Schema().Fields() {
			b.Field(f.Name, f.Schema)
		}
		extra := 0
		if t.Unique {
			b.Field(t.KeyField, data.Of(data.String).MustBuild())
			extra = 1
		}
		s, err := b.Build()
		if err != nil {
			return err
		}
		plan = new(smt.NewProjection(s, old.Schema(), smt.All(old.Schema(), extra), false))
		t.keys.Put(to, plan)
	}
	key, err := plan.Apply(&t.slab, old)
	if err != nil {
		return err
	}
	if t.Unique {
		table := r.Topic
		if t.tables != nil {
			if table, _, err = t.tables.Route(r.Topic); err != nil {
				return err
			}
		}
		key.SetAt(plan.Schema.NumFields()-1, data.StringValue(table))
	}
	out.KeySchema, out.Key = plan.Schema, data.StructValue(key)
	return nil
}

func (t *logicalRouter) value(out, r *connect.Record) error {
	old, err := smt.RequireStruct(r.Value, updating)
	if err != nil {
		return err
	}
	to := target{old.Schema(), out.Topic}
	plan, ok := t.envelopes.Get(to)
	if !ok {
		if plan, err = t.derive(old.Schema(), out.Topic); err != nil {
			return err
		}
		t.envelopes.Put(to, plan)
	}
	envelope, err := plan.Apply(&t.slab, old)
	if err != nil {
		return err
	}
	for _, i := range plan.rows {
		if row := old.At(i).Struct(); row != nil {
			renamed, err := plan.row.Apply(&t.slab, row)
			if err != nil {
				return err
			}
			envelope.SetAt(i, data.StructValue(renamed))
		}
	}
	out.ValueSchema, out.Value = plan.Schema, data.StructValue(envelope)
	return nil
}

func (t *logicalRouter) derive(s *data.Schema, topic string) (*envelopePlan, error) {
	f, ok := s.Field(before)
	if !ok || f.Schema.Type() != data.StructType {
		return nil, data.Errorf("%s is not a valid field name (of the envelope %s)", before, s.Name())
	}
	b := t.renamed(f.Schema, topic+".Value")
	for _, column := range f.Schema.Fields() {
		b.Field(column.Name, column.Schema)
	}
	row, err := b.Build()
	if err != nil {
		return nil, err
	}
	plan := &envelopePlan{row: smt.NewProjection(row, f.Schema, smt.All(f.Schema, 0), false)}
	from := smt.All(s, 0)
	b = t.renamed(s, topic+".Envelope")
	for i, f := range s.Fields() {
		if f.Name == before || f.Name == after {
			plan.rows = append(plan.rows, i)
			from[i] = -1
			f.Schema = row
		}
		b.Field(f.Name, f.Schema)
	}
	envelope, err := b.Build()
	if err == nil {
		plan.Projection = smt.NewProjection(envelope, s, from, true)
	}
	return plan, err
}

// renamed starts a schema with everything of another but its name and fields.
func (t *logicalRouter) renamed(s *data.Schema, name string) *data.Builder {
	b := data.StructOf().Name(adjusted(name, strings.ToLower(t.Adjustment))).Params(s.Params())
	if v, ok := s.Version(); ok {
		b.Version(v)
	}
	if doc, ok := s.Doc(); ok {
		b.Doc(doc)
	}
	if s.Optional() {
		b.Optional()
	}
	return b
}

// adjusted makes a name fit for Avro.
func adjusted(name, mode string) string {
	if mode == "none" {
		return name
	}
	var b strings.Builder
	for i, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		switch {
		case letter, i > 0 && (c >= '0' && c <= '9' || c == '.'), c == '_' && mode == "avro":
			b.WriteRune(c)
		case mode == "avro":
			b.WriteByte('_')
		default:
			fmt.Fprintf(&b, "_u%04x", c)
		}
	}
	return b.String()
}
