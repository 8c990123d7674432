// Package postgres has the connectors for PostgreSQL that take the configurations of the Kafka Connect JDBC connectors: a polling
// source and a sink.
package postgres
