package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/kafka"
	"github.com/kurier-io/kurier/runtime/settings"
)

// groupOffsets reads what the consumer groups of sinks have committed.
type groupOffsets struct {
	settings *settings.Worker
	clients  *kafka.Clients
}

// GroupOffsets implements distributed.SinkOffsets.
func (g groupOffsets) GroupOffsets(ctx context.Context, connector string, config map[string]string) ([]herder.ConnectorOffset, error) {
	opts, err := g.clients.Admin(connector, -1, kafka.Overrides(config, "admin.override."))
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("admin client: %w", err)
	}
	defer client.Close()
	group := kafka.SinkConsumerProperties(g.settings, connector, -1, kafka.Overrides(config, "consumer.override."))["group.id"]
	committed, err := kadm.NewClient(client).FetchOffsets(ctx, group)
	if err != nil {
		return nil, fmt.Errorf("reading the offsets of consumer group %s: %w", group, err)
	}
	out := []herder.ConnectorOffset{}
	list := committed.Sorted()
	slices.SortFunc(list, func(a, b kadm.OffsetResponse) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	for _, o := range list {
		if o.Err != nil || o.At < 0 {
			continue
		}
		out = append(out, herder.ConnectorOffset{
			Partition: map[string]any{"kafka_topic": o.Topic, "kafka_partition": int64(o.Partition)},
			Offset:    map[string]any{"kafka_offset": o.At},
		})
	}
	return out, nil
}
