// Package thirdparty holds the transformations of other authors that connector configurations name most, under their class names.
package thirdparty

import (
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/transforms/smt"
)

const confluent = "io.confluent.connect.transforms."

// Register returns the transformations.
func Register() []registry.Entry {
	out := smt.Sided("com.github.jcustenborder.kafka.connect.transform.common.TimestampNowField", "Sets fields to the time at which the record passes.",
		config.Of[nowSettings](), func(s smt.Side) connect.Transformation { return &timestampNowField{Side: s} })
	out = append(out, smt.Sided("com.github.cjmatta.kafka.connect.smt.InsertUuid", "Adds a random UUID as a field.",
		config.Of[uuidSettings](), func(s smt.Side) connect.Transformation { return &insertUUID{Side: s} })...)
	out = append(out, smt.Sided(confluent+"Filter", "Includes or drops records for which a condition, written in JSONPath, holds. The common part of JSONPath is understood: names, indexes, wildcards, and filters with comparisons.",
		filterDef(), func(s smt.Side) connect.Transformation { return &filter{Side: s} })...)
	out = append(out, smt.Sided(confluent+"ExtractTopic", "Takes the topic's name from the record's key or value, or a field of it.",
		topicDef(), func(s smt.Side) connect.Transformation { return &extractTopic{side: s} })...)
	return append(out,
		smt.Single(confluent+"ExtractTopic$Header", "Takes the topic's name from a header.", topicDef(), func() connect.Transformation { return &extractTopic{header: true} }),
		smt.Single(confluent+"TombstoneHandler", "Drops tombstones, or fails on them.", config.Of[tombstoneSettings](), func() connect.Transformation { return &tombstoneHandler{} }),
	)
}
