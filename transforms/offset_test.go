package transforms

import (
	"testing"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

func TestASinkRecordsOffsetIsInserted(t *testing.T) {
	var f connect.Transformation
	for _, e := range Register() {
		if e.Class == "org.apache.kafka.connect.transforms.InsertField$Value" {
			f = e.NewTransformation()
		}
	}
	if err := f.Configure(connect.Props{"offset.field": "o!", "topic.field": "t"}); err != nil {
		t.Fatal(err)
	}
	s := data.StructOf().Field("a", data.Of(data.Int32).MustBuild()).MustBuild()
	in := data.NewStruct(s)
	in.SetAt(0, data.Int32Value(1))
	r := connect.Record{Topic: "x", ValueSchema: s, Value: data.StructValue(in), KafkaOffset: connect.Some(int64(42))}
	if keep, err := f.Apply(&r); err != nil || !keep {
		t.Fatal(keep, err)
	}
	if got := r.Value.String(); got != "Struct{a=1,t=x,o=42}" {
		t.Errorf("got %s", got)
	}
	if fields := r.ValueSchema.Fields(); fields[2].Schema.Optional() {
		t.Error("o! is optional")
	}
}
