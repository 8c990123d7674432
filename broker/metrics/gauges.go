package metrics

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// Log is a partition at the time of a scrape.
type Log struct {
	Topic      string
	Partition  int32
	Size       int64 // bytes of its segments
	Start, End int64 // offsets
}

// Committed is an offset that a group has committed.
type Committed struct {
	Group, Topic string
	Partition    int32
	Offset, Lag  int64
}

// State is where the gauges are read.
type State interface {
	// Logs returns every partition.
	Logs() []Log
	// Committed returns the offsets of every group.
	Committed() []Committed
	// Healthy is nil until storage fails.
	Healthy() error
	// Connections counts the open connections of clients.
	Connections() int
}

// maxSeries bounds what one scrape shows of partitions, and of group lags: a
// monitoring system must not fall over a broker with too many.
const maxSeries = 50_000

// gauges reads the state once for all families.
type gauges struct{ state State }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe implements prometheus.Collector: the families depend on nothing, and
// none is announced, which makes this an unchecked collector.
func (g *gauges) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	emit := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	logs := g.state.Logs()
	size := desc("kafka_log_log_size", "Bytes of a partition on disk.", "topic", "partition")
	start := desc("kafka_log_log_log_start_offset", "First offset of a partition.", "topic", "partition")
	end := desc("kafka_log_log_log_end_offset", "Offset after the last record of a partition.", "topic", "partition")
	topics := map[string]bool{}
	total := int64(0)
	for i, l := range logs {
		topics[l.Topic] = true
		total += l.Size
		if i >= maxSeries {
			continue
		}
		p := strconv.Itoa(int(l.Partition))
		emit(size, float64(l.Size), l.Topic, p)
		emit(start, float64(l.Start), l.Topic, p)
		emit(end, float64(l.End), l.Topic, p)
	}
	emit(desc("kafka_log_log_manager_total_size", "Bytes of all partitions on disk."), float64(total))
	emit(desc("kafka_controller_kafka_controller_global_topic_count", "Topics."), float64(len(topics)))
	emit(desc("kafka_controller_kafka_controller_global_partition_count", "Partitions."), float64(len(logs)))
	healthy := 1.0
	if g.state.Healthy() != nil {
		healthy = 0
	}
	emit(desc("kurier_broker_healthy", "0 after a failed flush: no record is accepted until a restart."), healthy)
	emit(desc("kafka_server_socket_server_metrics_connection_count", "Open connections of clients."), float64(g.state.Connections()))

	committed := g.state.Committed()
	offset := desc("kafka_consumergroup_current_offset", "Offset that a group has committed.", "group", "topic", "partition")
	lag := desc("kafka_consumergroup_lag", "Records between the committed offset of a group and the end of the partition.", "group", "topic", "partition")
	groups := map[string]bool{}
	for i, c := range committed {
		groups[c.Group] = true
		if i >= maxSeries {
			continue
		}
		p := strconv.Itoa(int(c.Partition))
		emit(offset, float64(c.Offset), c.Group, c.Topic, p)
		emit(lag, float64(c.Lag), c.Group, c.Topic, p)
	}
	emit(desc("kafka_coordinator_group_group_metadata_manager_num_groups", "Groups with committed offsets."), float64(len(groups)))
}
