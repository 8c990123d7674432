package schemaregistry

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// content is what an id stands for. It is immutable and shared by the versions that have it.
type content struct {
	language   string // AVRO, JSON or PROTOBUF
	text       string
	references []reference
	metadata   jsontext.Value // nil for none, as ruleSet
	ruleSet    jsontext.Value

	key    contentKey
	guid   string
	answer []byte // of GET /schemas/ids/{id}
}

// contentKey is equal for equal content.
type contentKey [sha256.Size]byte

func newContent(language, text string, references []reference, metadata, ruleSet jsontext.Value) *content {
	c := &content{language: language, text: text, references: references, metadata: present(metadata), ruleSet: present(ruleSet)}
	h := sha256.New()
	for _, part := range []string{c.language, c.text, string(sortedJSON(c.metadata)), string(sortedJSON(c.ruleSet))} {
		writePart(h, part)
	}
	for _, r := range c.references {
		writePart(h, r.Name)
		writePart(h, r.Subject)
		writePart(h, fmt.Sprint(r.Version))
	}
	h.Sum(c.key[:0])
	c.guid = guid(c)
	c.answer = encode(c.byID())
	return c
}

func writePart(h hash.Hash, s string) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(s)))
	h.Write(n[:])
	h.Write([]byte(s))
}

// present makes null and {} nothing.
func present(v jsontext.Value) jsontext.Value {
	if v = slices.Clone(v); len(v) == 0 || v.Compact() != nil || string(v) == "null" || string(v) == "{}" {
		return nil
	}
	return v
}

func sortedJSON(v jsontext.Value) jsontext.Value {
	if v = slices.Clone(v); v != nil && v.Canonicalize() != nil {
		return nil
	}
	return v
}

// schemaString answers for an id, members in the order of Confluent's.
type schemaString struct {
	GUID       string         `json:"guid,omitempty"`
	SchemaType string         `json:"schemaType,omitempty"`
	Schema     string         `json:"schema"`
	References []reference    `json:"references,omitempty"`
	Metadata   jsontext.Value `json:"metadata,omitzero"`
	RuleSet    jsontext.Value `json:"ruleSet,omitzero"`
	MaxID      int32          `json:"maxId,omitzero"`
}

func (c *content) byID() schemaString {
	return schemaString{GUID: c.guid, SchemaType: omitAvro(c.language), Schema: c.text, References: c.references, Metadata: c.metadata, RuleSet: c.ruleSet}
}

type metadata struct {
	Tags       map[string][]string `json:"tags"`
	Properties map[string]string   `json:"properties"`
	Sensitive  []string            `json:"sensitive"`
}

type rule struct {
	Name      string            `json:"name"`
	Doc       string            `json:"doc"`
	Kind      string            `json:"kind"`
	Mode      string            `json:"mode"`
	Type      string            `json:"type"`
	Tags      []string          `json:"tags"`
	Params    map[string]string `json:"params"`
	Expr      string            `json:"expr"`
	OnSuccess string            `json:"onSuccess"`
	OnFailure string            `json:"onFailure"`
	Disabled  bool              `json:"disabled"`
}

type ruleSet struct {
	MigrationRules []rule `json:"migrationRules"`
	DomainRules    []rule `json:"domainRules"`
	EncodingRules  []rule `json:"encodingRules"`
	EnableAt       string `json:"enableAt"`
}

// guid is the MD5 of everything, in the order in which Confluent's client adds it, as a UUID.
func guid(c *content) string {
	h := md5.New()
	add := func(texts ...string) {
		for _, s := range texts {
			h.Write([]byte(s))
		}
	}
	add(c.text)
	for _, r := range c.references {
		add(r.Name, r.Subject)
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(r.Version)))
	}
	var m metadata
	if c.metadata != nil && json.Unmarshal(c.metadata, &m) == nil {
		h.Write([]byte{1})
		for _, k := range slices.Sorted(maps.Keys(m.Tags)) {
			add(k)
			add(slices.Sorted(slices.Values(m.Tags[k]))...)
		}
		for _, k := range slices.Sorted(maps.Keys(m.Properties)) {
			add(k, m.Properties[k])
		}
		add(slices.Sorted(slices.Values(m.Sensitive))...)
	}
	var rs ruleSet
	if c.ruleSet != nil && json.Unmarshal(c.ruleSet, &rs) == nil {
		h.Write([]byte{1})
		for _, r := range slices.Concat(rs.MigrationRules, rs.DomainRules, rs.EncodingRules) {
			add(r.Name, r.Doc, r.Kind, r.Mode, r.Type)
			add(slices.Sorted(slices.Values(r.Tags))...)
			for _, k := range slices.Sorted(maps.Keys(r.Params)) {
				add(k, r.Params[k])
			}
			add(r.Expr, r.OnSuccess, r.OnFailure)
			if r.Disabled {
				h.Write([]byte{1})
			}
		}
		add(rs.EnableAt)
	}
	s := h.Sum(nil)
	return fmt.Sprintf("%x-%x-%x-%x-%x", s[:4], s[4:6], s[6:8], s[8:10], s[10:])
}
