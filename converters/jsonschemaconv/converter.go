package jsonschemaconv

import (
	"fmt"
	"strings"
	"time"

	"github.com/kurier-io/kurier/converters/intern"
	"github.com/kurier-io/kurier/converters/jsonschemaconv/jsonschema"
	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// A Converter is Confluent's JsonSchemaConverter for keys or values. Make one through [Register].
type Converter struct {
	settings
	pool   *subject.Pool
	shared *intern.Schemas
	client *subject.Client
	role   string // key or value

	lastWritten *written
	writes      *lru.Cache[writeKey, *written]
	translated  *lru.Cache[*data.Schema, *jsonschema.Schema]
	scratch     []byte // for json.indent.output

	reader   reader
	lastRead *readable
	reads    *lru.Cache[readKey, *readable]
}

// Configure implements connect.Converter.
func (c *Converter) Configure(props connect.Props, isKey bool) error {
	set, err := config.Parse[settings](props)
	if err != nil {
		return err
	}
	set.DecimalFormat = strings.ToUpper(set.DecimalFormat)
	client, err := c.pool.Open(set.Settings, props, isKey)
	if err != nil {
		return err
	}
	role := "value"
	if isKey {
		role = "key"
	}
	*c = Converter{
		settings: set, pool: c.pool, shared: c.shared, client: client, role: role,
		writes:     lru.New[writeKey, *written](set.CacheSize),
		translated: lru.New[*data.Schema, *jsonschema.Schema](set.CacheSize),
		reads:      lru.New[readKey, *readable](set.CacheSize),
	}
	return nil
}

// Close implements io.Closer: it ends a call that waits for the registry.
func (c *Converter) Close() error {
	if c.client != nil {
		c.client.Close()
	}
	return nil
}

type writeKey struct {
	topic  string
	schema *data.Schema
}

// A written is what is known about writing values of a schema to a topic.
type written struct {
	writeKey
	id    int32
	mark  subject.Mark       // ties the bytes to the schema in the registry
	plan  *enc               // nil: values without a schema
	check *jsonschema.Schema // nil: values are not validated
	until time.Time
}

// FromConnectData implements connect.Converter. A null of a required schema is a null in Kafka; one of an optional schema is JSON's.
func (c *Converter) FromConnectData(dst []byte, topic string, s *data.Schema, v data.Value) ([]byte, bool, error) {
	out, _, ok, err := c.FromConnectDataHeaded(dst, topic, s, v)
	return out, ok, err
}

// FromConnectDataHeaded implements connect.HeadedConverter.
func (c *Converter) FromConnectDataHeaded(dst []byte, topic string, s *data.Schema, v data.Value) ([]byte, []connect.RawHeader, bool, error) {
	if v.IsNull() && c.absent(s) {
		return dst, nil, false, nil
	}
	w := c.lastWritten
	if w == nil || w.schema != s || w.topic != topic || !w.until.IsZero() {
		var err error
		if w, err = c.prepare(topic, s); err != nil {
			return dst, nil, false, err
		}
	}
	dst = append(dst, w.mark.Prefix...)
	at := len(dst)
	var err error
	if w.plan == nil {
		dst, err = c.appendAnything(dst, v, 0)
	} else {
		dst, err = w.plan.append(dst, v)
	}
	if err != nil {
		return dst, nil, false, err
	}
	if w.check != nil {
		if err := w.check.Validate(dst[at:]); err != nil {
			return dst, nil, false, serializing(topic, invalid(w.id, err))
		}
	}
	if c.Indent {
		c.scratch = append(c.scratch[:0], dst[at:]...)
		dst = appendIndented(dst[:at], c.scratch)
	}
	return dst, w.mark.Headers, true, nil
}

// absent reports whether nothing is written for a null of s.
func (c *Converter) absent(s *data.Schema) bool {
	if s == nil {
		return true
	}
	def, ok := s.Default()
	return !s.Optional() && (!ok || def.IsNull() || c.IgnoreDefault)
}

func invalid(id int32, err error) error {
	return data.Errorf("the value does not follow the schema with id %d (json.fail.invalid.schema=false writes and reads it nevertheless): %v", id, err)
}

func (c *Converter) prepare(topic string, s *data.Schema) (*written, error) {
	k := writeKey{topic, s}
	w, ok := c.writes.Get(k)
	if !ok || !w.until.IsZero() && time.Now().After(w.until) {
		k.topic = strings.Clone(topic)
		var err error
		if w, err = c.newWritten(k); err != nil {
			return nil, err
		}
		c.writes.Put(k, w)
	}
	c.lastWritten = w
	return w, nil
}

func (c *Converter) newWritten(k writeKey) (*written, error) {
	own, err := c.translate(k.schema)
	if err != nil {
		return nil, err
	}
	text := own.String()
	reg, err := c.client.Write(k.topic, own.Name(), subject.Schema{Type: subject.JSON, Text: text})
	if err != nil {
		return nil, serializing(k.topic, err)
	}
	w := &written{writeKey: k, id: reg.ID}
	if w.mark, err = c.client.Mark(reg, nil); err != nil {
		return nil, serializing(k.topic, err)
	}
	if kept := c.client.LatestKept(); kept > 0 {
		w.until = time.Now().Add(kept)
	}
	target := own
	if reg.Text != text {
		if target, err = c.parse(reg); err != nil {
			return nil, serializing(k.topic, err)
		}
		strict := c.client.UseLatestStrict()
		if strict && k.schema == nil {
			w.check = target
		} else if problems := jsonschema.Incompatibilities(target, own); len(problems) > 0 && strict {
			return nil, serializing(k.topic, incompatible(reg, problems))
		}
	}
	if c.FailInvalid {
		w.check = target
	}
	if k.schema != nil {
		w.plan, err = c.compile(k.schema)
	}
	return w, err
}

func incompatible(reg subject.Registered, problems []string) error {
	return data.Errorf("Incompatible schema of type 'JSON'. Set latest.compatibility.strict=false to disable this check. The registered schema (id %d) cannot read what the record's schema writes: %s", reg.ID, strings.Join(problems[:min(len(problems), 5)], "; "))
}

// translate returns the JSON Schema of a Connect schema.
func (c *Converter) translate(s *data.Schema) (*jsonschema.Schema, error) {
	if own, ok := c.translated.Get(s); ok {
		return own, nil
	}
	text, err := c.schemaText(s)
	if err != nil {
		return nil, err
	}
	own, err := jsonschema.Parse(text, nil)
	if err != nil {
		return nil, data.Errorf("the schema %s cannot be a JSON Schema: %v", s, err)
	}
	c.translated.Put(s, own)
	return own, nil
}

// parse reads a schema of the registry with those that it refers to, to validate values and to compare schemas.
func (c *Converter) parse(reg subject.Registered) (*jsonschema.Schema, error) {
	refs, err := c.references(reg)
	if err != nil {
		return nil, err
	}
	s, err := jsonschema.Parse(reg.Text, refs)
	if err != nil {
		return nil, fmt.Errorf("the schema with id %d: %w", reg.ID, err)
	}
	return s, nil
}

// references fetches what a schema of the registry refers to.
func (c *Converter) references(reg subject.Registered) ([]jsonschema.Ref, error) {
	if reg.Type != subject.JSON {
		return nil, data.Errorf("the schema with id %d is of type %s, not JSON: use the converter of that type", reg.ID, reg.Type)
	}
	texts, order, err := c.client.Resolve(reg.Schema)
	if err != nil {
		return nil, err
	}
	refs := make([]jsonschema.Ref, len(order))
	for i, name := range order {
		refs[i] = jsonschema.Ref{Name: name, Text: texts[name]}
	}
	return refs, nil
}
