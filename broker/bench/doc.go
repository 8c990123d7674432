// Command broker measures the included broker against Apache Kafka, against the machine it runs on, and against itself at scale, in one
// run, and prints a table of ratios. `make bench-broker` prepares what it needs and runs it.
package main
