package subject

// The schema types of the registry.
const (
	Avro     = "AVRO"
	JSON     = "JSON"
	Protobuf = "PROTOBUF"
)

// A Reference is a schema's import of another: Name as the importing text spells it.
type Reference struct {
	Name    string `json:"name"`
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

// A Schema is a schema as the registry knows it. Type is one of Avro, JSON and Protobuf.
type Schema struct {
	Type       string
	Text       string
	References []Reference
}

// A Registered is a schema with its place in the registry.
type Registered struct {
	Schema
	Subject string
	Version int // 0: not known
	ID      int32
	GUID    string
}
