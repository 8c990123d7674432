// Package rawconv holds Kafka Connect's converters that need no format: strings, bytes, numbers, booleans, and the default header
// converter. Each serves keys, values and headers.
package rawconv
