// Package config is Kafka's ConfigDef in Go: a definition of keys that is data, so that validation, REST answers, documents and
// forms come from one value, and can travel from a plugin process to the worker as JSON.
//
// Authors declare a struct with tags and get the definition and the parsed value from it:
//
//	type settings struct {
//		URL      string          `config:"connection.url,required" doc:"JDBC URL." group:"Connection"`
//		Password config.Password `config:"connection.password" doc:"Password." group:"Connection"`
//		Poll     time.Duration   `config:"poll.interval.ms" default:"5000" min:"1" doc:"Pause between polls."`
//		Mode     string          `config:"mode" default:"bulk" enum:"bulk|incrementing" doc:"How rows are found."`
//	}
//
// Tags: config (key, then required, secret, internal), default, doc, group, importance (high, medium, low), enum (values joined by |),
// fold (enum without regard to case), min, max, nonempty, width, label, dependents (comma separated).
package config
