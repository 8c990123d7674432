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
// Every API that clients of one node need, in the versions of Kafka 4.2: produce
// with idempotence and transactions (both protocols of KIP-890), fetch with
// sessions and read_committed, classic groups of any protocol type with static
// membership, groups of KIP-848, committed offsets, and the administration of
// topics, configs, groups, transactions, users, ACLs and quotas. What makes no
// sense on one node gets the honest answer: an election is not needed, the only
// replica is here. server.apis is the table; broker/README.md says what there is
// not.
//
// Listeners may speak TLS and SASL and know their clients by certificates; with
// Config.Authorize every request is checked against ACLs.
//
// # Durability
//
// With the default, "fsync", acks=all is answered after a group commit was
// flushed to the device, and consumers see nothing that a power cut could take
// back. acks=1 is answered once the record is in the page cache and survives
// kill -9. See package commitlog.
package broker
