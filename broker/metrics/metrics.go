// Package metrics counts what the broker does and shows it in Prometheus' text
// format. Names are those of Kafka's MBeans in snake case, with Prometheus'
// units and suffixes: kafka.network:type=RequestMetrics,name=TotalTimeMs is
// kafka_network_request_metrics_total_time_seconds.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics holds all families. Its methods may be called from any goroutine and
// do not block.
type Metrics struct {
	registry *prometheus.Registry

	bytesIn, bytesOut, batchesIn *prometheus.CounterVec // by topic
	totalTime                    *prometheus.HistogramVec
	requestBytes, responseBytes  *prometheus.CounterVec
	flushTime                    prometheus.Histogram
	flushBytes                   prometheus.Counter
}

// New returns metrics that read the gauges from state at each scrape.
func New(state State) *Metrics {
	topic, api := []string{"topic"}, []string{"request"}
	counter := func(name, help string, labels []string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{
		registry:      prometheus.NewRegistry(),
		bytesIn:       counter("kafka_server_broker_topic_metrics_bytes_in_total", "Bytes of record batches that producers wrote.", topic),
		bytesOut:      counter("kafka_server_broker_topic_metrics_bytes_out_total", "Bytes of record batches that consumers fetched.", topic),
		batchesIn:     counter("kafka_server_broker_topic_metrics_batches_in_total", "Record batches that producers wrote.", topic),
		requestBytes:  counter("kafka_network_request_metrics_request_bytes_total", "Bytes of requests.", api),
		responseBytes: counter("kafka_network_request_metrics_response_bytes_total", "Bytes of responses.", api),
		totalTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "kafka_network_request_metrics_total_time_seconds",
			Help: "Time from a request's last byte to its response's last, waits for data and durability included.", Buckets: times()}, api),
		flushTime: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "kafka_log_log_flush_stats_log_flush_time_seconds",
			Help: "Time that a flush of the journal takes; acks=all waits for one.", Buckets: times()}),
		flushBytes: prometheus.NewCounter(prometheus.CounterOpts{Name: "kafka_log_log_flush_stats_log_flush_bytes_total", Help: "Bytes that the journal flushed."}),
	}
	m.registry.MustRegister(m.bytesIn, m.bytesOut, m.batchesIn, m.requestBytes, m.responseBytes, m.totalTime, m.flushTime, m.flushBytes,
		&gauges{state}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// times are buckets from 100 µs to 25 s.
func times() []float64 {
	return []float64{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25}
}

// Handler answers scrapes.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2})
}

// Request implements server.Observer.
func (m *Metrics) Request(api string, total time.Duration, in, out int) {
	m.totalTime.WithLabelValues(api).Observe(total.Seconds())
	m.requestBytes.WithLabelValues(api).Add(float64(in))
	m.responseBytes.WithLabelValues(api).Add(float64(out))
}

// Produced implements server.Observer.
func (m *Metrics) Produced(topic string, batches, bytes int) {
	m.bytesIn.WithLabelValues(topic).Add(float64(bytes))
	m.batchesIn.WithLabelValues(topic).Add(float64(batches))
}

// Fetched implements server.Observer.
func (m *Metrics) Fetched(topic string, bytes int) {
	m.bytesOut.WithLabelValues(topic).Add(float64(bytes))
}

// Flushed is told about each flush of the journal.
func (m *Metrics) Flushed(d time.Duration, bytes int) {
	m.flushTime.Observe(d.Seconds())
	m.flushBytes.Add(float64(bytes))
}

// Forget drops the counters of a deleted topic.
func (m *Metrics) Forget(topic string) {
	for _, v := range []*prometheus.CounterVec{m.bytesIn, m.bytesOut, m.batchesIn} {
		v.DeleteLabelValues(topic)
	}
}
