// Package distributed is the herder of a Connect cluster: it keeps a worker in step with the other workers through the config topic and
// the group protocol.
//
// One goroutine, that of Run, decides what starts and stops; one lane for each connector does it in that order, so that a connector that is
// slow to stop holds up only itself. Reads are answered from the newest snapshot of the config topic, writes go straight to it; neither
// waits for that goroutine. Standalone mode is the same herder as a cluster of one, with logs in memory (see package standalone).
package distributed
