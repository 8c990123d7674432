package schemaregistry

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The formats of the topic are those of Confluent's registry, members in its order, so that either can go on with what
// the other wrote. A record without value removes what its key names.

const (
	keySchema        = "SCHEMA"
	keyConfig        = "CONFIG"
	keyMode          = "MODE"
	keyDeleteSubject = "DELETE_SUBJECT"
	keyClearSubject  = "CLEAR_SUBJECT"
	keyContext       = "CONTEXT"
	keyNoop          = "NOOP"
)

// record is a key and a value, nil for none.
type record struct{ key, value []byte }

type schemaKey struct {
	KeyType string `json:"keytype"`
	Subject string `json:"subject"`
	Version int    `json:"version"`
	Magic   int    `json:"magic"`
}

// subjectKey is a key without version; no subject is the whole registry.
type subjectKey struct {
	KeyType string  `json:"keytype"`
	Subject *string `json:"subject"`
	Magic   int     `json:"magic"`
}

type reference struct {
	Name    string `json:"name"`
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

type schemaValue struct {
	Subject    string         `json:"subject"`
	Version    int            `json:"version"`
	ID         int32          `json:"id"`
	MD5        jsontext.Value `json:"md5,omitzero"` // passed through
	SchemaType string         `json:"schemaType,omitempty"`
	References []reference    `json:"references,omitempty"`
	Metadata   jsontext.Value `json:"metadata,omitzero"`
	RuleSet    jsontext.Value `json:"ruleSet,omitzero"`
	Schema     string         `json:"schema"`
	Deleted    bool           `json:"deleted"`
}

type configValue struct {
	Subject *string `json:"subject,omitzero"`
	config  `json:",inline"`
}

type modeValue struct {
	Subject *string `json:"subject,omitzero"`
	Mode    string  `json:"mode"`
}

type deleteValue struct {
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

// encode is json.Marshal for what this package made itself; strings were checked to be UTF-8 when they came in.
func encode(v any) []byte {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		panic(fmt.Sprintf("schemaregistry: %T: %v", v, err))
	}
	return b
}

func schemaRecord(v *version) record {
	return record{encode(schemaKey{keySchema, v.subject, v.number, 1}), encode(schemaValue{
		Subject: v.subject, Version: v.number, ID: v.id, MD5: v.md5, SchemaType: omitAvro(v.content.language), References: v.content.references,
		Metadata: v.content.metadata, RuleSet: v.content.ruleSet, Schema: v.content.text, Deleted: v.deleted,
	})}
}

func omitAvro(language string) string {
	if language == avro {
		return ""
	}
	return language
}

func removeVersionRecord(subject string, number int) record {
	return record{key: encode(schemaKey{keySchema, subject, number, 1})}
}

func deleteSubjectRecord(subject string, last int) record {
	return record{encode(subjectKey{keyDeleteSubject, &subject, 0}), encode(deleteValue{subject, last})}
}

// settingSubject is null for the global settings.
func settingSubject(subject string) *string {
	if subject == "" {
		return nil
	}
	return &subject
}

func configRecord(subject string, c *config) record {
	r := record{key: encode(subjectKey{keyConfig, settingSubject(subject), 0})}
	if c != nil {
		r.value = encode(configValue{settingSubject(subject), *c})
	}
	return r
}

func modeRecord(subject, mode string) record {
	r := record{key: encode(subjectKey{keyMode, settingSubject(subject), 0})}
	if mode != "" {
		r.value = encode(modeValue{settingSubject(subject), mode})
	}
	return r
}

func noopRecord() record { return record{key: []byte(`{"keytype":"NOOP","magic":0}`)} }

// change is a decoded record.
type change struct {
	kind    string
	subject string // "" for the global settings
	number  int
	schema  *schemaValue // nil: removed; likewise below
	config  *config
	mode    string
	upTo    int
}

// decode reads a record. What another registry may have written besides what is known here is skipped.
func decode(key, value []byte) (change, error) {
	var k struct {
		KeyType string  `json:"keytype"`
		Subject *string `json:"subject"`
		Version int     `json:"version"`
	}
	if err := json.Unmarshal(key, &k, jsontext.AllowDuplicateNames(true)); err != nil {
		return change{}, fmt.Errorf("key: %w", err)
	}
	c := change{kind: k.KeyType, number: k.Version}
	if k.Subject != nil {
		c.subject = plainName(*k.Subject)
	}
	var err error
	switch k.KeyType {
	case keySchema:
		if c.subject == "" || c.number < 1 {
			return c, errors.New("key: a schema has a subject and a version")
		}
		if len(value) > 0 {
			c.schema = new(schemaValue)
			err = json.Unmarshal(value, c.schema, jsontext.AllowDuplicateNames(true))
		}
		if err == nil && c.schema != nil && c.schema.ID < 1 {
			err = errors.New("a schema has an id")
		}
	case keyConfig:
		if len(value) > 0 {
			var v configValue
			err = json.Unmarshal(value, &v, jsontext.AllowDuplicateNames(true))
			c.config = &v.config
		}
	case keyMode:
		if len(value) > 0 {
			var v modeValue
			err = json.Unmarshal(value, &v, jsontext.AllowDuplicateNames(true))
			c.mode = v.Mode
		}
	case keyDeleteSubject, keyClearSubject:
		if len(value) > 0 {
			var v deleteValue
			err = json.Unmarshal(value, &v, jsontext.AllowDuplicateNames(true))
			c.upTo = v.Version
		}
	case keyNoop, keyContext:
	default:
		err = fmt.Errorf("key: unknown keytype %q", k.KeyType)
	}
	if err != nil {
		return c, fmt.Errorf("%.200s: %w", key, err)
	}
	return c, nil
}
