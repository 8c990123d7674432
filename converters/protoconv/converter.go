package protoconv

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kurier-io/kurier/converters/intern"
	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/converters/protoconv/protoschema"
	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// A Converter is Confluent's ProtobufConverter for keys or values. Make one through [Register].
type Converter struct {
	settings
	pool   *subject.Pool
	shared *intern.Schemas
	client *subject.Client
	role   string // key or value

	lastWritten *written
	writes      *lru.Cache[writeKey, *written]
	translated  *lru.Cache[*data.Schema, target]

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
	if !set.SkipKnown {
		return connect.ConfigErr("skip.known.types", "is false, which is not supported", "leave it out: the files of Google and Confluent are imported without being registered")
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
		translated: lru.New[*data.Schema, target](set.CacheSize),
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
	mark  subject.Mark // ties the bytes to the message in the registry
	plan  *enc
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
		return dst, nil, false, nil
	}
	w := c.lastWritten
	if w == nil || w.schema != s || w.topic != topic || !w.until.IsZero() {
		var err error
		if w, err = c.prepare(topic, s); err != nil {
			return dst, nil, false, err
		}
	}
	dst, err := w.plan.appendRoot(append(dst, w.mark.Prefix...), v)
	return dst, w.mark.Headers, true, err
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
	w := &written{writeKey: k}
	if w.plan, err = c.compile(k.schema, own.message); err != nil {
		return nil, serializing(k.topic, err) // before anything is registered
	}
	text := own.schema.String()
	reg, err := c.client.Write(k.topic, string(own.message.FullName()), subject.Schema{Type: subject.Protobuf, Text: text})
	if err != nil {
		return nil, serializing(k.topic, err)
	}
	if kept := c.client.LatestKept(); kept > 0 {
		w.until = time.Now().Add(kept)
	}
	to := own.message
	if reg.Text != text {
		if to, err = c.latest(reg, own); err != nil {
			return nil, serializing(k.topic, err)
		}
		if w.plan, err = c.compile(k.schema, to); err != nil {
			return nil, serializing(k.topic, err)
		}
	}
	if w.mark, err = c.client.Mark(reg, appendIndexes(nil, indexesOf(to))); err != nil {
		return nil, serializing(k.topic, err)
	}
	return w, nil
}

// latest returns the message of a registered schema that a record's own message is written as.
func (c *Converter) latest(reg subject.Registered, own target) (protoreflect.MessageDescriptor, error) {
	registered, err := c.parse(reg)
	if err != nil {
		return nil, err
	}
	if problems := protoschema.Incompatibilities(registered, own.schema); len(problems) > 0 && c.client.UseLatestStrict() {
		return nil, data.Errorf("Incompatible schema of type 'PROTOBUF'. Set latest.compatibility.strict=false to disable this check. The registered schema (id %d) cannot read what the record's schema writes: %s", reg.ID, strings.Join(problems[:min(len(problems), 5)], "; "))
	}
	messages := registered.File().Messages()
	for i := range messages.Len() {
		if messages.Get(i).FullName() == own.message.FullName() {
			return messages.Get(i), nil
		}
	}
	if m := messages.ByName(own.message.Name()); m != nil {
		return m, nil
	}
	if messages.Len() == 1 || messages.Len() > 0 && strings.HasPrefix(string(own.message.FullName()), defaultName) {
		return messages.Get(0), nil
	}
	return nil, data.Errorf("the registered schema (id %d) has no message %s: give the record's schema the name of one of its messages, with the SetSchemaMetadata transformation", reg.ID, own.message.FullName())
}

// translate returns the message of a Connect schema.
func (c *Converter) translate(s *data.Schema) (target, error) {
	if own, ok := c.translated.Get(s); ok {
		return own, nil
	}
	own, err := c.protoData.translate(s)
	if err == nil {
		c.translated.Put(s, own)
	}
	return own, err
}

// parse reads a schema of the registry with those that it refers to.
func (c *Converter) parse(reg subject.Registered) (*protoschema.Schema, error) {
	if reg.Type != subject.Protobuf {
		return nil, data.Errorf("the schema with id %d is of type %s, not PROTOBUF: use the converter of that type", reg.ID, reg.Type)
	}
	texts, order, err := c.client.Resolve(reg.Schema)
	if err != nil {
		return nil, err
	}
	refs := make([]protoschema.Ref, len(order))
	for i, name := range order {
		refs[i] = protoschema.Ref{Name: name, Text: texts[name]}
	}
	s, err := protoschema.Parse(reg.Text, refs)
	if err != nil {
		return nil, fmt.Errorf("the schema with id %d: %w", reg.ID, err)
	}
	return s, nil
}
