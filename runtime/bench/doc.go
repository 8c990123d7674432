// Package bench measures Kurier against yardsticks that run beside it in the same minute on the same machine: only ratios mean something on a machine
// that others use too. It drives a real `kurier dev` from outside, over REST and the Kafka protocol, and the plugin system from inside.
package bench
