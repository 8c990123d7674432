// Package validation checks connector configurations: the framework's own keys, those of transformations, predicates and converters, client overrides, and, in the
// plugin's process, those of the connector. It also knows which values are secrets.
package validation
