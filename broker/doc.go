// Package broker is Kurier's included Kafka broker: one node, durable on one
// disk, spoken to by unmodified Kafka clients. It composes the storage
// (commitlog, metadata), the group coordinator (group) and the protocol server
// (server); nothing but this package's API and the Kafka protocol is meant for
// others.
//
//	b, err := broker.New(broker.Config{DataDir: dir, Listeners: broker.Plaintext("127.0.0.1:9092"), AutoCreateTopics: true})
//	if err != nil { … }
//	err = b.Run(ctx) // until ctx is done, then drains
//
// A client in the same process may set kgo.Dialer(b.Dial): connections to the
// broker's advertised address then use memory instead of TCP and everything else
// stays the same.
//
// # What is offered
//
// Produce with idempotence, fetch, topic administration, topic configs, classic
// groups of any protocol type with static membership, and committed offsets.
// There are no transactions, no SASL, no ACLs and no KIP-848 groups: their APIs
// are not advertised. Without open transactions the last stable offset is the
// high watermark.
//
// # Durability
//
// With the default, "fsync", acks=all is answered after a group commit was
// flushed to the device, and consumers see nothing that a power cut could take
// back. acks=1 is answered once the record is in the page cache and survives
// kill -9. See package commitlog.
package broker
