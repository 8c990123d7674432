// Package worker runs connectors and tasks: their processes, their loops between plugin and Kafka, and their restarts.
//
// Each connector and each task has one goroutine that owns its state; the herder speaks to it through targets and contexts. What runs, and
// why not, is told to Statuses by that goroutine.
package worker
