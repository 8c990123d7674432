// Package server speaks the Kafka protocol: it owns the connections, decodes
// requests, and answers them from the metadata store, the commit log and the
// group coordinator. One goroutine per connection reads and handles requests in
// order; another writes the answers in the same order, so that a producer's next
// batch is appended while the previous one is being flushed.
package server
