package avroconv

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/kurier-io/kurier/converters/avroconv/avroschema"
	"github.com/kurier-io/kurier/converters/intern"
	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// A Converter is Confluent's AvroConverter for keys or values. Make one through [Register].
type Converter struct {
	settings
	pool   *subject.Pool
	shared *intern.Schemas
	client *subject.Client
	role   string // key or value

	lastWritten *written
	writes      *lru.Cache[writeKey, *written]
	translated  *lru.Cache[*data.Schema, *avroschema.Schema]

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
		translated: lru.New[*data.Schema, *avroschema.Schema](set.CacheSize),
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
	mark  subject.Mark // ties the bytes to the schema in the registry
	plan  *enc         // nil: values without a schema
	raw   bool         // the Avro schema is bytes, which have no length at the top
	until time.Time
}

// FromConnectData implements connect.Converter.
func (c *Converter) FromConnectData(dst []byte, topic string, s *data.Schema, v data.Value) ([]byte, bool, error) {
	out, _, ok, err := c.FromConnectDataHeaded(dst, topic, s, v)
	return out, ok, err
}

// FromConnectDataHeaded implements connect.HeadedConverter.
func (c *Converter) FromConnectDataHeaded(dst []byte, topic string, s *data.Schema, v data.Value) ([]byte, []connect.RawHeader, bool, error) {
	if v.IsNull() {
		if s != nil && !s.Optional() {
			return dst, nil, false, errNull(s)
		}
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
	var err error
	switch {
	case w.plan == nil:
		dst, err = appendAnything(dst, v, 0)
	case w.raw:
		dst, err = w.appendRaw(dst, v)
	default:
		dst, err = w.plan.append(dst, v)
	}
	return dst, w.mark.Headers, true, err
}

// appendRaw writes bytes without their length.
func (w *written) appendRaw(dst []byte, v data.Value) ([]byte, error) {
	at := len(dst)
	dst, err := w.plan.append(dst, v)
	if err != nil {
		return dst, err
	}
	_, n := binary.Uvarint(dst[at:])
	return append(dst[:at], dst[at+n:]...), nil
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
	reg, err := c.client.Write(k.topic, own.Name(), subject.Schema{Type: subject.Avro, Text: text})
	if err != nil {
		return nil, serializing(k.topic, err)
	}
	w := &written{writeKey: k}
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
		if problems := avroschema.Incompatibilities(target, own); len(problems) > 0 && c.client.UseLatestStrict() {
			return nil, serializing(k.topic, incompatible(reg, problems))
		}
	}
	w.raw = target.Root.Kind == avroschema.Bytes
	if k.schema == nil {
		if !target.Equal(own) {
			return nil, serializing(k.topic, data.Errorf("a value without a schema cannot be written with the registered schema %s: give it a schema, or let auto.register.schemas register the one for values without", data.Shorten(reg.Text)))
		}
		return w, nil
	}
	if w.plan, err = c.compile(k.schema, target.Root); err != nil {
		return nil, serializing(k.topic, err)
	}
	return w, nil
}

func incompatible(reg subject.Registered, problems []string) error {
	return data.Errorf("Incompatible schema of type 'AVRO'. Set latest.compatibility.strict=false to disable this check. The registered schema (id %d) cannot read what the record's schema writes: %s", reg.ID, strings.Join(problems[:min(len(problems), 5)], "; "))
}

// translate returns the Avro schema of a Connect schema. It is parsed again, which checks the names.
func (c *Converter) translate(s *data.Schema) (*avroschema.Schema, error) {
	if own, ok := c.translated.Get(s); ok {
		return own, nil
	}
	t, err := c.avroData.translate(s)
	if err != nil {
		return nil, err
	}
	own, err := avroschema.ParseStored((&avroschema.Schema{Root: t}).String(), nil)
	if err != nil {
		return nil, data.Errorf("the schema %s cannot be an Avro schema: %v (scrub.invalid.names=true replaces what Avro does not allow in names)", s, err)
	}
	c.translated.Put(s, own)
	return own, nil
}

// parse reads a schema of the registry with those that it refers to.
func (c *Converter) parse(reg subject.Registered) (*avroschema.Schema, error) {
	if reg.Type != subject.Avro {
		return nil, data.Errorf("the schema with id %d is of type %s, not AVRO: use the converter of that type", reg.ID, reg.Type)
	}
	texts, order, err := c.client.Resolve(reg.Schema)
	if err != nil {
		return nil, err
	}
	refs := make([]avroschema.Ref, len(order))
	for i, name := range order {
		refs[i] = avroschema.Ref{Name: name, Text: texts[name]}
	}
	s, err := avroschema.ParseStored(reg.Text, refs)
	if err != nil {
		return nil, fmt.Errorf("the schema with id %d: %w", reg.ID, err)
	}
	return s, nil
}
