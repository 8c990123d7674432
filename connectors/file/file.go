// Package file holds Apache Kafka's FileStream connectors: lines of a file into a topic, and a topic's values into a file.
package file

import (
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/registry"
)

// Class names of the connectors, those of Apache Kafka.
const (
	SourceClass = "org.apache.kafka.connect.file.FileStreamSourceConnector"
	SinkClass   = "org.apache.kafka.connect.file.FileStreamSinkConnector"
)

// Plugin returns the plugin with both connectors.
func Plugin(version string) registry.Plugin {
	return registry.Plugin{Name: "file", Version: version, Entries: []registry.Entry{
		registry.Source[sourceSettings](SourceClass, connect.NewSingle, func() connect.SourceTask { return &sourceTask{} }),
		registry.Sink[sinkSettings](SinkClass, newSinkConnector, func() connect.SinkTask { return &sinkTask{} }),
	}}
}
