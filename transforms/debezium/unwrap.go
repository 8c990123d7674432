package debezium

import (
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	semantic "github.com/kurier-io/kurier/plugins/data/debezium"
	"github.com/kurier-io/kurier/transforms/smt"
)

type unwrapSettings struct {
	Mode           string   `config:"delete.tombstone.handling.mode" default:"tombstone" importance:"medium" doc:"What becomes of deletes, and of the tombstones that follow them: drop (both are dropped), tombstone (a delete becomes a record with a null value, the tombstone is dropped), rewrite (a delete becomes the row before it with __deleted=true, the tombstone is dropped), rewrite-with-tombstone (as rewrite, and the tombstone is kept), delete-to-tombstone (a delete becomes a record with a null value and no schema)."`
	AddFields      []string `config:"add.fields" default:"" importance:"low" doc:"Fields of the event's metadata to add to the row, as field, struct.field, or with a name of their own, struct.field:name. Example: op,source.ts_ms,lsn,table:tbl."`
	FieldsPrefix   string   `config:"add.fields.prefix" default:"__" importance:"low" doc:"Put before the names of added fields."`
	AddHeaders     []string `config:"add.headers" default:"" importance:"low" doc:"Fields of the event's metadata to add as headers, written as in add.fields."`
	HeadersPrefix  string   `config:"add.headers.prefix" default:"__" importance:"low" doc:"Put before the names of added headers."`
	RouteBy        string   `config:"route.by.field" default:"" importance:"low" doc:"A text column whose value replaces the name of the topic."`
	DropHeader     string   `config:"drop.fields.header.name" importance:"low" doc:"A header with a list of the names of fields to be removed from the row."`
	DropFromKey    bool     `config:"drop.fields.from.key" default:"false" importance:"low" doc:"Whether those fields are removed from the key as well."`
	KeepCompatible bool     `config:"drop.fields.keep.schema.compatible" default:"true" importance:"low" doc:"Whether only optional fields are removed, so that the schema stays compatible."`
	smt.NullDefault
}

const (
	drop              = "drop"
	toNull            = "tombstone"
	rewrite           = "rewrite"
	rewriteTombstone  = "rewrite-with-tombstone"
	deleteToTombstone = "delete-to-tombstone"
)

func unwrapDef() *config.Def {
	def := config.Of[unwrapSettings]()
	oneOf(def, "delete.tombstone.handling.mode", drop, toNull, rewrite, rewriteTombstone, deleteToTombstone)
	return def
}

// deletedField tells deleted rows in the modes that keep them.
const deletedField = "__deleted"

var optionalString = data.Of(data.String).Optional().MustBuild()

type unwrap struct {
	unwrapSettings
	fields, headers []reference
	plans           smt.Planner[unwrapPlan]
	dropped         dropper
	slab            smt.Slab
}

// An unwrapPlan is what an envelope schema leads to; rows have the same plan before and after the change.
type unwrapPlan struct {
	before, after side
	headers       []place
}

// A side is the row before or after.
type side struct {
	smt.Projection
	index  int // in the envelope; -1: there is none
	schema *data.Schema
	added  []place
	fixed  int // where added fields begin; the one before is __deleted if rows are rewritten
}

func (t *unwrap) Configure(props connect.Props) (err error) {
	if t.unwrapSettings, err = config.ParseWith[unwrapSettings](unwrapDef(), props); err != nil {
		return err
	}
	t.Mode = strings.ToLower(t.Mode)
	if t.fields, err = parseReferences("add.fields", t.FieldsPrefix, t.AddFields); err != nil {
		return err
	}
	t.dropped = dropper{compatible: t.KeepCompatible, withDefault: t.Default}
	t.headers, err = parseReferences("add.headers", t.HeadersPrefix, t.AddHeaders)
	return err
}

func (t *unwrap) rewrites() bool { return t.Mode == rewrite || t.Mode == rewriteTombstone }

func (t *unwrap) Apply(r *connect.Record) (bool, error) {
	if r.Value.IsNull() {
		return t.tombstone(r), nil
	}
	if !semantic.IsEnvelope(r.ValueSchema) {
		return true, nil
	}
	envelope, err := smt.RequireStruct(r.Value, "source field insertion")
	if err != nil {
		return true, err
	}
	plan, err := t.plans.Of(envelope.Schema(), t.derive)
	if err != nil {
		return true, err
	}
	out := *r
	from, row := &plan.after, rowOf(envelope, plan.after.index)
	deleted := row == nil
	if deleted {
		if from, row = &plan.before, rowOf(envelope, plan.before.index); row == nil {
			return false, nil // a truncate
		}
	}
	if deleted && t.Mode == drop {
		return false, nil
	}
	if t.RouteBy != "" {
		topic, err := textOf(row, t.RouteBy)
		if err != nil {
			return true, err
		}
		if trim(topic) != "" {
			out.Topic = topic
		}
	}
	switch {
	case deleted && t.Mode == deleteToTombstone:
		out.ValueSchema, out.Value = nil, data.Null()
	case deleted && t.Mode == toNull:
		// Not a tombstone for a converter that writes schemas: the JDBC sink of Debezium tells the two apart.
		out.ValueSchema, out.Value = plan.after.schema, data.Null()
	default:
		st, err := t.row(from, row, envelope, deleted)
		if err != nil {
			return true, err
		}
		out.ValueSchema, out.Value = from.Schema, data.StructValue(st)
	}
	if len(plan.headers) > 0 {
		out.Headers = make([]connect.Header, len(r.Headers), len(r.Headers)+len(plan.headers))
		copy(out.Headers, r.Headers)
		for i := range plan.headers {
			h := &plan.headers[i]
			out.Headers = append(out.Headers, connect.Header{Key: h.name, Schema: h.schema, Value: h.value(envelope)})
		}
	}
	if t.DropHeader != "" {
		if err := t.dropFields(&out); err != nil {
			return true, err
		}
	}
	*r = out
	return true, nil
}

func rowOf(envelope *data.Struct, i int) *data.Struct {
	if i < 0 {
		return nil
	}
	return envelope.At(i).Struct()
}

// tombstone keeps or drops one; of the headers only the operation is known.
func (t *unwrap) tombstone(r *connect.Record) (keep bool) {
	if t.Mode != rewriteTombstone {
		return false
	}
	headers := r.Headers[:len(r.Headers):len(r.Headers)]
	for _, h := range t.headers {
		if h.field == opField {
			headers = append(headers, connect.Header{Key: h.name, Schema: data.Of(data.String).MustBuild(), Value: data.StringValue(opDelete)})
		}
	}
	r.Headers = headers
	return true
}

// row copies a row and adds what is asked for.
func (t *unwrap) row(from *side, row, envelope *data.Struct, deleted bool) (*data.Struct, error) {
	out, err := from.Apply(&t.slab, row)
	if err != nil {
		return nil, err
	}
	vals := out.Values()
	if t.rewrites() {
		vals[from.fixed-1] = data.StringValue(map[bool]string{false: "false", true: "true"}[deleted])
	}
	for i := range from.added {
		vals[from.fixed+i] = from.added[i].value(envelope)
	}
	return out, nil
}

func (t *unwrap) derive(s *data.Schema) (unwrapPlan, error) {
	p := unwrapPlan{before: side{index: -1}, after: side{index: -1}}
	added, err := findAll(t.fields, s)
	if err != nil {
		return p, err
	}
	for name, to := range map[string]*side{before: &p.before, after: &p.after} {
		if f, ok := s.Field(name); ok && f.Schema.Type() == data.StructType {
			if *to, err = t.side(f, added); err != nil {
				return p, err
			}
		}
	}
	p.headers, err = findAll(t.headers, s)
	return p, err
}

// side lays a row out: rows that are rewritten get the defaults of columns that are null, others keep them null.
func (t *unwrap) side(f data.Field, added []place) (side, error) {
	out := side{index: f.Index, schema: f.Schema, added: added, fixed: f.Schema.NumFields()}
	b := smt.Same(f.Schema)
	if t.rewrites() {
		b.Field(deletedField, optionalString)
		out.fixed++
	}
	for i := range added {
		b.Field(added[i].name, added[i].schema)
	}
	schema, err := b.Build()
	if err == nil {
		out.Projection = smt.NewProjection(schema, f.Schema, smt.All(f.Schema, schema.NumFields()-f.Schema.NumFields()), t.rewrites() && t.Default)
	}
	return out, err
}
