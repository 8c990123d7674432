package transforms

import (
	"testing"

	"github.com/kurier-io/kurier/converters/jsonconv"
	"github.com/kurier-io/kurier/converters/rawconv"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/transforms/predicates"
)

func TestEverythingIsFoundByTheNamesOfKafka(t *testing.T) {
	r := registry.New()
	for _, es := range [][]registry.Entry{Register(), predicates.Register(), jsonconv.Register(), rawconv.Register()} {
		if err := r.Add(es...); err != nil {
			t.Fatal(err)
		}
	}
	for name, kind := range map[string]registry.Kind{
		"org.apache.kafka.connect.transforms.InsertField$Value": registry.TransformationKind,
		"ReplaceField$Key": registry.TransformationKind,
		"io.debezium.transforms.ExtractNewRecordState":                                  registry.TransformationKind,
		"io.debezium.transforms.UnwrapFromEnvelope":                                     registry.TransformationKind,
		"io.debezium.transforms.outbox.EventRouter":                                     registry.TransformationKind,
		"io.debezium.transforms.ByLogicalTableRouter":                                   registry.TransformationKind,
		"io.debezium.transforms.ToLogicalTopicRouter":                                   registry.TransformationKind,
		"com.github.jcustenborder.kafka.connect.transform.common.TimestampNowField$Key": registry.TransformationKind,
		"com.github.cjmatta.kafka.connect.smt.InsertUuid$Value":                         registry.TransformationKind,
		"io.confluent.connect.transforms.Filter$Key":                                    registry.TransformationKind,
		"io.confluent.connect.transforms.ExtractTopic$Header":                           registry.TransformationKind,
		"io.confluent.connect.transforms.TombstoneHandler":                              registry.TransformationKind,
		"org.apache.kafka.connect.transforms.Filter":                                    registry.TransformationKind,
		"Filter":      registry.TransformationKind,
		"RegexRouter": registry.TransformationKind,
		"org.apache.kafka.connect.transforms.predicates.RecordIsTombstone": registry.PredicateKind,
		"org.apache.kafka.connect.json.JsonConverter":                      registry.ConverterKind,
		"Json": registry.ConverterKind,
		"org.apache.kafka.connect.storage.StringConverter":       registry.HeaderConverterKind,
		"org.apache.kafka.connect.storage.SimpleHeaderConverter": registry.HeaderConverterKind,
		"SimpleHeaderConverter":                                  registry.HeaderConverterKind,
		"org.apache.kafka.connect.converters.ByteArrayConverter": registry.ConverterKind,
	} {
		if _, ok := r.Find(name, kind); !ok {
			t.Errorf("no %s %s", kind, name)
		}
	}
	for _, e := range r.List(registry.Kinds()...) {
		if e.Doc == "" || e.Config == nil {
			t.Errorf("%s is not described", e.Class)
			continue
		}
		for _, k := range e.Config.Keys {
			if k.Doc == "" || k.Importance == "" {
				t.Errorf("%s: %s is not described", e.Class, k.Name)
			}
		}
	}
}
