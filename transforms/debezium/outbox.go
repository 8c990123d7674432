package debezium

import (
	"strings"

	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	semantic "github.com/kurier-io/kurier/plugins/data/debezium"
	"github.com/kurier-io/kurier/transforms/javaregex"
	"github.com/kurier-io/kurier/transforms/smt"
)

type routerSettings struct {
	ID          string   `config:"table.field.event.id" default:"id" group:"Table" importance:"low" doc:"The column with the event's id, which becomes the header id."`
	Key         string   `config:"table.field.event.key" default:"aggregateid" group:"Table" importance:"low" doc:"The column with the key of the message."`
	Type        string   `config:"table.field.event.type" default:"type" group:"Table" importance:"low" doc:"The column with the type of the event. It is not used by itself: name it in table.fields.additional.placement."`
	Payload     string   `config:"table.field.event.payload" default:"payload" group:"Table" importance:"low" doc:"The column with the payload."`
	Timestamp   string   `config:"table.field.event.timestamp" group:"Table" importance:"medium" doc:"The column with the message's timestamp; otherwise it is that of the change."`
	Additional  []string `config:"table.fields.additional.placement" group:"Table" importance:"high" doc:"Further columns and where they go, as column:placement or column:placement:alias, where placement is header, envelope or partition. Example: id:header,field_name:envelope:alias."`
	Missing     string   `config:"table.field.additional.missing" default:"error" group:"Table" importance:"high" doc:"What to do if such a column does not exist: error or ignore."`
	Version     string   `config:"table.field.event.schema.version" group:"Table" importance:"low" doc:"The column with the version of the envelope's schema."`
	RouteBy     string   `config:"route.by.field" default:"aggregatetype" group:"Router" importance:"high" doc:"The column that decides on the topic."`
	Regex       string   `config:"route.topic.regex" default:"(?<routedByValue>.*)" group:"Router" importance:"low" doc:"The regular expression that reads the value of route.by.field."`
	Replacement string   `config:"route.topic.replacement" default:"outbox.event.${routedByValue}" group:"Router" importance:"high" doc:"The name of the topic, in which ${routedByValue} stands for the value of route.by.field."`
	Tombstones  bool     `config:"route.tombstone.on.empty.payload" default:"false" group:"Router" importance:"high" doc:"Whether an empty or null payload becomes a tombstone."`
	Invalid     string   `config:"table.op.invalid.behavior" default:"warn" group:"Debezium" importance:"medium" doc:"What to do with updates, which an outbox table should not see: warn and error drop them, fatal stops the task."`
	Expand      bool     `config:"table.expand.json.payload" default:"false" group:"Table" importance:"medium" doc:"Whether a payload of JSON text becomes structured data."`
	Nulls       string   `config:"table.json.payload.null.behavior" default:"ignore" group:"Table" importance:"medium" doc:"What becomes of nulls in such JSON: ignore leaves the field out, optional_bytes makes it one of optional bytes."`
	EmptyArrays string   `config:"table.json.payload.empty.array.behavior" default:"ignore" group:"Table" importance:"medium" doc:"What becomes of empty arrays in such JSON: ignore leaves the field out, optional_string makes it an array of optional strings."`
}

func routerDef() *config.Def {
	def := config.Of[routerSettings]()
	oneOf(def, "table.field.additional.missing", "error", "ignore")
	oneOf(def, "table.op.invalid.behavior", "warn", "error", "fatal")
	oneOf(def, "table.json.payload.null.behavior", "ignore", "optional_bytes")
	oneOf(def, "table.json.payload.empty.array.behavior", "ignore", "optional_string")
	k, _ := def.Key("route.topic.regex")
	k.Check = javaregex.Check
	k, _ = def.Key("table.fields.additional.placement")
	k.Check = func(v string) error {
		_, err := parsePlacements(config.SplitList(v))
		return err
	}
	return def
}

// A placement says where a further column goes.
type placement struct {
	column, alias string
	where         string
}

const (
	inHeader    = "header"
	inEnvelope  = "envelope"
	asPartition = "partition"
)

func parsePlacements(list []string) (out []placement, err error) {
	for _, text := range list {
		parts := strings.Split(text, ":")
		if len(parts) != 2 && len(parts) != 3 {
			return nil, data.Errorf("A comma-separated list of valid String pairs or trios is expected but got: %s", text)
		}
		p := placement{column: strings.TrimSpace(parts[0]), where: strings.ToLower(strings.TrimSpace(parts[1]))}
		if p.where != inHeader && p.where != inEnvelope && p.where != asPartition {
			return nil, data.Errorf("%s is not a placement: use header, envelope or partition", parts[1])
		}
		if p.alias = p.column; len(parts) == 3 {
			p.alias = strings.TrimSpace(parts[2])
		}
		out = append(out, p)
	}
	return out, nil
}

type eventRouter struct {
	routerSettings
	placements []placement
	enveloped  bool // some column goes into the value, which so becomes a struct
	router     *javaregex.Router
	expander   *expander
	schemas    *lru.Cache[valueKey, *data.Schema]
	slab       smt.Slab
}

func (t *eventRouter) Configure(props connect.Props) (err error) {
	if t.routerSettings, err = config.ParseWith[routerSettings](routerDef(), props); err != nil {
		return err
	}
	if t.placements, err = parsePlacements(t.Additional); err != nil {
		return err
	}
	t.enveloped = false
	for _, p := range t.placements {
		t.enveloped = t.enveloped || p.where == inEnvelope
	}
	if t.expander = nil; t.Expand {
		t.expander = newExpander(strings.EqualFold(t.Nulls, "optional_bytes"), strings.EqualFold(t.EmptyArrays, "optional_string"))
	}
	t.schemas = lru.New[valueKey, *data.Schema](valuesKept)
	t.router, err = javaregex.NewRouter(t.Regex, t.Replacement)
	return err
}

func (t *eventRouter) Apply(r *connect.Record) (bool, error) {
	if r.Value.IsNull() {
		return false, nil
	}
	if !semantic.IsEnvelope(r.ValueSchema) {
		return true, nil
	}
	envelope, err := smt.RequireStruct(r.Value, "Detect Debezium Operation")
	if err != nil {
		return true, err
	}
	switch get(envelope, opField).Str() {
	case opDelete:
		return false, nil
	case opUpdate:
		if strings.EqualFold(t.Invalid, "fatal") {
			return true, data.Errorf("Unexpected update message received %s, fail.", smt.Show(r.Key))
		}
		return false, nil
	}
	event, err := smt.RequireStruct(get(envelope, after), "Read Outbox Event")
	if err != nil {
		return true, err
	}
	out := *r
	if err := t.route(&out, event, envelope); err != nil {
		return true, err
	}
	*r = out
	return true, nil
}

// route fills in the message.
func (t *eventRouter) route(r *connect.Record, event, envelope *data.Struct) error {
	schema := event.Schema()
	payloadField, ok := schema.Field(t.Payload)
	if !ok {
		return data.Errorf("Unable to find payload field %s in event", t.Payload)
	}
	when, set, err := t.timestamp(event, envelope)
	if err != nil {
		return err
	}
	id, ok := schema.Field(t.ID)
	if !ok {
		return data.Errorf("%s is not a valid field name", t.ID)
	}
	headers := make([]connect.Header, len(r.Headers), len(r.Headers)+1+len(t.placements))
	copy(headers, r.Headers)
	r.Headers = append(headers, connect.Header{Key: "id", Schema: id.Schema, Value: event.AtWithDefault(id.Index)})

	payload, payloadSchema := event.AtWithDefault(payloadField.Index), payloadField.Schema
	if t.expander != nil && payload.Kind() == data.KindString {
		if s, v, ok := t.expander.expand(t.Payload, payload.Str()); ok {
			payload, payloadSchema = v, s
		}
	}
	r.Partition = connect.Opt[int32]{}
	value, valueSchema, err := t.place(r, event, payload, payloadSchema)
	if err != nil {
		return err
	}
	if t.Tombstones && empty(payload) {
		value, valueSchema = data.Null(), nil
	}
	key, err := event.Get(t.Key)
	if err != nil {
		return err
	}
	route, err := event.GetAs(t.RouteBy, data.String)
	if err != nil {
		return err
	}
	if route.IsNull() {
		return data.Errorf("Field '%s' of the event is null, so that there is no topic for it (fill it in, or name another column in route.by.field)", t.RouteBy)
	}
	keyField, _ := schema.Field(t.Key)
	r.KeySchema, r.Key = keyField.Schema, key
	r.ValueSchema, r.Value = valueSchema, value
	r.Timestamp = connect.Opt[int64]{V: when, Set: set}
	r.Topic, _, err = t.router.Route(route.Str())
	return err
}

// empty is the test of what becomes a tombstone.
func empty(v data.Value) bool {
	return v.IsNull() || (v.Kind() == data.KindString && trim(v.Str()) == "")
}

// trim is Java's String.trim.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}

// timestamp returns the column's instant in milliseconds, or that of the change.
func (t *eventRouter) timestamp(event, envelope *data.Struct) (ms int64, set bool, err error) {
	if t.Timestamp != "" {
		f, ok := event.Schema().Field(t.Timestamp)
		if !ok {
			return 0, false, data.Errorf("Unable to find timestamp field %s in event", t.Timestamp)
		}
		if v := event.At(f.Index); !v.IsNull() {
			switch f.Schema.Name() {
			case semantic.Timestamp:
				return v.Int(), true, nil
			case semantic.MicroTimestamp:
				return v.Int() / 1000, true, nil
			case semantic.NanoTimestamp:
				return v.Int() / 1_000_000, true, nil
			case "":
				return 0, false, data.Errorf("Unsupported field type %s (without logical schema name) for event timestamp", f.Schema.Type())
			}
			return 0, false, data.Errorf("Unsupported field type %s for event timestamp", f.Schema.Name())
		}
	}
	v := get(envelope, "ts_ms")
	return v.Int(), !v.IsNull(), nil
}
