// Package debezium holds the transformations that Debezium ships and that connector configurations name most: the one that unwraps
// change events, the outbox event router, and the routers of logical tables. Behaviour is that of Debezium 3; where its caches
// let the first topic's schema names stick, names here follow each record.
package debezium

import (
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/transforms/smt"
)

const pkg = "io.debezium.transforms."

// Register returns the transformations.
func Register() []registry.Entry {
	unwrap := smt.Single(pkg+"ExtractNewRecordState", "Replaces a Debezium change event by the state of the row after the change, with a choice of what becomes of deletes and of fields and headers to add from the event's metadata.",
		unwrapDef(), func() connect.Transformation { return &unwrap{} })
	unwrap.Aliases = []string{pkg + "UnwrapFromEnvelope"}
	return []registry.Entry{
		unwrap,
		smt.Single(pkg+"outbox.EventRouter", "Turns rows inserted into an outbox table into events: topic, key, headers, timestamp and payload come from the row's columns.",
			routerDef(), func() connect.Transformation { return &eventRouter{} }),
		smt.Single(pkg+"ByLogicalTableRouter", "Sends the change events of several physical tables to one topic, and adds to their keys which table they came from.",
			byTableDef(), newByTable),
		smt.Single(pkg+"ToLogicalTopicRouter", "Sends the change events of several physical tables to one topic, and adds to their keys which table they came from. The successor of ByLogicalTableRouter.",
			toTopicDef(), newToTopic),
	}
}

// Fields of an envelope, and the operations that they tell.
const (
	before = "before"
	after  = "after"

	opField  = "op"
	opUpdate = "u"
	opDelete = "d"
)

// get returns the raw value of a field, null if there is no such field.
func get(st *data.Struct, name string) data.Value {
	if f, ok := st.Schema().Field(name); ok {
		return st.At(f.Index)
	}
	return data.Null()
}

// textOf returns a text column, as Struct.getString.
func textOf(st *data.Struct, name string) (string, error) {
	v, err := st.GetAs(name, data.String)
	return v.Str(), err
}

// oneOf makes a key an enumeration that is read without regard to case.
func oneOf(def *config.Def, key string, values ...string) {
	k, _ := def.Key(key)
	k.Enum, k.EnumFold = values, true
}
