// Package herder is what the REST API and the command line ask of a worker: the connectors of a Connect cluster, their states, and changes
// to them. Packages distributed and standalone implement it.
package herder
