package bench

import (
	"context"
	"fmt"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
)

// generatorClass produces rows as fast as they are taken.
const generatorClass = "io.kurier.bench.GeneratorSourceConnector"

// Plugin returns the plugin that the boundary part measures. Only the process that the bench starts for it serves it.
func Plugin(version string) registry.Plugin {
	return registry.Plugin{Name: "bench", Version: version, Entries: []registry.Entry{
		registry.Source[struct{}](generatorClass, connect.NewSingle, func() connect.SourceTask { return &generator{} }),
	}}
}

// generatorBatch makes a batch of about a megabyte, as the bundled connectors do.
const generatorBatch = 5000

// A generator returns the same batch again and again: making rows costs nothing, so that only the road is measured. They have the form that the
// bundled connectors give them.
type generator struct {
	rows    []data.EncodedStruct
	records []connect.SourceRecord
}

func (g *generator) Start(context.Context, connect.SourceTaskContext, connect.Props) error {
	return g.make()
}

// make fills the batch with rows of ten columns and about 200 bytes.
func (g *generator) make() error {
	b := data.StructOf().Field("id", data.Of(data.Int64).MustBuild())
	for i := range 4 {
		b.Field(fmt.Sprintf("n%d", i), data.Of(data.Int64).Optional().MustBuild())
	}
	for i := range 4 {
		b.Field(fmt.Sprintf("s%d", i), data.Of(data.String).Optional().MustBuild())
	}
	schema, err := b.Field("at", data.TimestampOf().MustBuild()).Build()
	if err != nil {
		return err
	}
	enc := data.NewRowEncoder(schema)
	partition := map[string]any{"source": "generator"}
	g.rows = make([]data.EncodedStruct, generatorBatch)
	g.records = make([]connect.SourceRecord, generatorBatch)
	for i := range g.records {
		enc.Begin()
		for n := range uint64(5) {
			enc.Uint64(n * uint64(i))
		}
		for n := range 4 {
			enc.Bytes(fmt.Appendf(nil, "some text of about thirty %d %9d", n, i))
		}
		enc.Uint64(uint64(1_704_067_200_000 + i))
		enc.End(&g.rows[i])
		g.records[i] = connect.SourceRecord{
			Record: connect.Record{Topic: "bench", ValueSchema: schema, Value: data.EncodedValue(&g.rows[i])}, SourcePartition: partition,
		}
	}
	g.records[generatorBatch-1].SourceOffset = map[string]any{"batch": int64(1)}
	return nil
}

func (g *generator) Poll(context.Context) ([]connect.SourceRecord, error) { return g.records, nil }

func (g *generator) Stop(context.Context) error { return nil }
