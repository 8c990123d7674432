// Package group is the coordinator of classic consumer groups and the store of
// their committed offsets.
//
// Machine decides: it is a pure state machine that takes requests and the time
// and returns effects. Coordinator is the shell around it: it parks requests,
// keeps timers, and writes groups and offsets through Storage in the record
// formats of Kafka's __consumer_offsets, so that tools that read that topic
// work. Member metadata and assignments are opaque bytes; any protocol type can
// form a group.
package group
