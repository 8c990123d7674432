// Package schemaregistry is the included schema registry: Confluent's REST API for Avro, JSON Schema and Protobuf, kept
// in a compacted topic of any Kafka in Confluent's format, so that either registry can take over the other's topic. It
// is a Kafka client and knows nothing of the broker beside it.
//
//	r, err := schemaregistry.New(schemaregistry.Config{Client: []kgo.Opt{kgo.SeedBrokers("127.0.0.1:9092")}})
//	if err != nil { … }
//	err = r.Run(ctx) // until ctx is done, then drains
//
// What the topic says is a state machine (state.go) that records change and nothing else; requests decide on it
// (register.go, delete.go, settings.go) and give the records to write. A write is answered when the registry's own
// reader has applied it, so whoever was answered reads what he wrote.
//
// Two registries may serve one topic. There is no leader; write.go says what they can do to each other and how they
// mend it.
package schemaregistry
