package wire

import (
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// PartitionsToPB converts topic partitions for a control message.
func PartitionsToPB(tps []connect.TopicPartition) *pluginpb.Partitions {
	out := &pluginpb.Partitions{}
	for _, tp := range tps {
		out.Partitions = append(out.Partitions, &pluginpb.TopicPartition{Topic: tp.Topic, Partition: tp.Partition})
	}
	return out
}

// PartitionsFromPB is the inverse of PartitionsToPB.
func PartitionsFromPB(in *pluginpb.Partitions) []connect.TopicPartition {
	out := make([]connect.TopicPartition, len(in.GetPartitions()))
	for i, tp := range in.GetPartitions() {
		out[i] = connect.TopicPartition{Topic: tp.Topic, Partition: tp.Partition}
	}
	return out
}

// OffsetsToPB converts offsets for a control message.
func OffsetsToPB(offsets map[connect.TopicPartition]int64) *pluginpb.TopicOffsets {
	out := &pluginpb.TopicOffsets{}
	for tp, o := range offsets {
		out.Offsets = append(out.Offsets, &pluginpb.TopicOffset{Topic: tp.Topic, Partition: tp.Partition, Offset: o})
	}
	return out
}

// OffsetsFromPB is the inverse of OffsetsToPB.
func OffsetsFromPB(in *pluginpb.TopicOffsets) map[connect.TopicPartition]int64 {
	out := make(map[connect.TopicPartition]int64, len(in.GetOffsets()))
	for _, o := range in.GetOffsets() {
		out[connect.TopicPartition{Topic: o.Topic, Partition: o.Partition}] = o.Offset
	}
	return out
}
