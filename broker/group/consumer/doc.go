// Package consumer decides for consumer groups of the new protocol (KIP-848): a
// pure state machine per group that takes heartbeats and the time, hands out
// partitions, and says which records of __consumer_offsets changed.
//
// The group has an epoch, which grows whenever its members, their subscriptions
// or the topics change. For each epoch a target is computed, and every member is
// led to its part of it by its own heartbeats: first it gives up what it must
// not keep, and only when it no longer reports that, and nobody else holds what
// it should get, is the rest handed to it. So a partition is never in two
// members' current assignments.
package consumer
