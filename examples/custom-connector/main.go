// Command custom-connector is a Kurier connector plugin to copy: a source that counts, once an interval, and goes on where it stopped.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/plugins/serve"
)

func main() { serve.Main(plugin()) }

func plugin() registry.Plugin {
	return registry.Plugin{Name: "counter", Version: "1.0.0", Entries: []registry.Entry{
		registry.Source[settings]("com.example.CounterSourceConnector", connect.NewSingle, func() connect.SourceTask { return &task{} }),
	}}
}

// settings become the connector's documented, validated configuration.
type settings struct {
	Topic    string        `config:"topic,required" importance:"high" doc:"Topic to write to."`
	Interval time.Duration `config:"interval.ms" default:"1000" min:"1" doc:"Milliseconds between two numbers."`
	Greeting string        `config:"greeting" default:"hello" doc:"Text that goes with each number."`
}

// partition names the one stream of this source; its offset is the last number sent.
var partition = map[string]any{"counter": "main"}

type task struct {
	settings
	schema *data.Schema
	last   int64
}

func (t *task) Start(ctx context.Context, tc connect.SourceTaskContext, props connect.Props) error {
	var err error
	if t.settings, err = config.Parse[settings](props); err != nil {
		return err
	}
	t.schema = data.StructOf().Name("com.example.Count").
		Field("number", data.Of(data.Int64).MustBuild()).
		Field("text", data.Of(data.String).Optional().MustBuild()).MustBuild()
	stored, err := tc.Offsets(ctx, []map[string]any{partition})
	if err != nil {
		return err
	}
	if stored[0] != nil {
		t.last, _ = stored[0]["number"].(int64)
	}
	tc.Log().Info("counting", "after", t.last)
	return nil
}

func (t *task) Poll(ctx context.Context) ([]connect.SourceRecord, error) {
	select {
	case <-ctx.Done():
		return nil, nil
	case <-time.After(t.Interval):
	}
	t.last++
	row := data.NewStruct(t.schema)
	if err := row.Put("number", data.Int64Value(t.last)); err != nil {
		return nil, err
	}
	if err := row.Put("text", data.StringValue(fmt.Sprintf("%s %d", t.Greeting, t.last))); err != nil {
		return nil, err
	}
	return []connect.SourceRecord{{
		Record:          connect.Record{Topic: t.Topic, ValueSchema: t.schema, Value: data.StructValue(row), Timestamp: connect.Some(time.Now().UnixMilli())},
		SourcePartition: partition,
		SourceOffset:    map[string]any{"number": t.last},
	}}, nil
}

func (t *task) Stop(context.Context) error { return nil }
