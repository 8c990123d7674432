// Package app is the composition root: it builds a broker, a worker, or both, from settings, starts the parts in order and stops them in
// reverse. It alone knows both the broker and the worker, which otherwise meet over the Kafka protocol.
package app
