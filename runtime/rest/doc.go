// Package rest is the REST API of Kafka Connect on a herder. Echo stays inside this package: handlers are functions from a request to a
// response, and one place each turns errors into answers and sends requests on to the worker that must serve them.
package rest
