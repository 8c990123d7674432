// Package wireproto holds the parts of the Kafka protocol that the broker
// handles by hand: frames, request headers, record batches, and the bodies of
// Produce and Fetch. Everything else uses kmsg.
//
// Nothing here copies record bytes. Views alias the buffer they were made
// from and are valid as long as that buffer is.
package wireproto
