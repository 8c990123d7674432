package connect

import "github.com/kurier-io/kurier/plugins/data"

// A Converter turns Connect data into the bytes of a record's key or value, and back. An instance serves one task (key and value have
// their own) and is used by one goroutine at a time; a task may have several, which share its batches between them. One that holds more
// than memory implements io.Closer: Close is called when the task ends, from any goroutine and perhaps twice, and ends a call that blocks.
type Converter interface {
	// Configure is called once, first, with the settings under key.converter. or value.converter., prefix removed.
	Configure(props Props, isKey bool) error
	// FromConnectData appends the bytes of a value to dst and returns the extended slice; ok is false for what Kafka stores as a null
	// key or value. topic is that of the record after transformations. On an error the returned slice is to be ignored.
	FromConnectData(dst []byte, topic string, s *data.Schema, v data.Value) (out []byte, ok bool, err error)
	// ToConnectData reads bytes (nil: a null key or value). The result may alias b. Equal schemas come back as the same pointer.
	ToConnectData(topic string, b []byte) (*data.Schema, data.Value, error)
}

// A RawHeader is a record header as Kafka has it.
type RawHeader struct {
	Key   string
	Value []byte
}

// RawHeaders are those of a consumed record.
type RawHeaders interface {
	// Last returns the value of the last header of a key; it aliases the record.
	Last(key string) (value []byte, ok bool)
}

// A HeadedConverter is a Converter whose bytes may go with headers, such as a schema's id that travels beside them. The worker calls these
// methods in place of Converter's; same rules.
type HeadedConverter interface {
	Converter
	// FromConnectDataHeaded is FromConnectData; the headers are the converter's and may be shared between records.
	FromConnectDataHeaded(dst []byte, topic string, s *data.Schema, v data.Value) (out []byte, headers []RawHeader, ok bool, err error)
	// ToConnectDataHeaded is ToConnectData.
	ToConnectDataHeaded(topic string, headers RawHeaders, b []byte) (*data.Schema, data.Value, error)
}

// A HeaderConverter does for header values what a Converter does for keys and values; same rules.
type HeaderConverter interface {
	Configure(props Props) error
	FromConnectHeader(dst []byte, topic, key string, s *data.Schema, v data.Value) (out []byte, ok bool, err error)
	ToConnectHeader(topic, key string, b []byte) (*data.Schema, data.Value, error)
}

// A Transformation changes records one at a time (single message transform). An instance serves one task and is used by one goroutine at a
// time; a task may have several, which share its batches between them, so what Apply does must follow from the record alone.
type Transformation interface {
	// Configure is called once, first.
	Configure(props Props) error
	// Apply changes the record in place; keep false drops it. It must not change r before it is sure to succeed, and must not write
	// through r's structs, maps, arrays or headers, which other records may share: it replaces them, but for what the record owns.
	Apply(r *Record) (keep bool, err error)
}

// A Predicate decides whether a transformation applies to a record. Same rules as Transformation.
type Predicate interface {
	Configure(props Props) error
	Test(r *Record) (bool, error)
}
