package metrics_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kurier-io/kurier/broker/metrics"
)

type state struct{ err error }

func (state) Logs() []metrics.Log {
	return []metrics.Log{{Topic: "t", Partition: 0, Size: 100, Start: 5, End: 9}, {Topic: "t", Partition: 1, Size: 20}}
}
func (state) Committed() []metrics.Committed {
	return []metrics.Committed{{Group: "g", Topic: "t", Partition: 0, Offset: 6, Lag: 3}}
}
func (state) Connections() int { return 4 }
func (s state) Healthy() error { return s.err }

func scrape(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	b, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != 200 {
		t.Fatalf("%d %s %v", w.Code, b, err)
	}
	return string(b)
}

func TestFamilies(t *testing.T) {
	m := metrics.New(state{})
	m.Request("Produce", 3*time.Millisecond, 100, 50)
	m.Produced("t", 1, 70)
	m.Produced("t", 1, 30)
	m.Fetched("t", 60)
	m.Produced("gone", 1, 1)
	m.Forget("gone")
	m.Flushed(200*time.Microsecond, 4096)
	got := scrape(t, m)
	for _, line := range []string{
		`kafka_server_broker_topic_metrics_bytes_in_total{topic="t"} 100`, `kafka_server_broker_topic_metrics_bytes_out_total{topic="t"} 60`,
		`kafka_server_broker_topic_metrics_batches_in_total{topic="t"} 2`,
		`kafka_network_request_metrics_total_time_seconds_bucket{request="Produce",le="0.005"} 1`,
		`kafka_network_request_metrics_total_time_seconds_bucket{request="Produce",le="0.0025"} 0`,
		`kafka_network_request_metrics_request_bytes_total{request="Produce"} 100`,
		`kafka_log_log_flush_stats_log_flush_time_seconds_count 1`, `kafka_log_log_flush_stats_log_flush_bytes_total 4096`,
		`kafka_log_log_size{partition="0",topic="t"} 100`, `kafka_log_log_log_end_offset{partition="0",topic="t"} 9`,
		`kafka_log_log_manager_total_size 120`, `kafka_controller_kafka_controller_global_partition_count 2`,
		`kafka_consumergroup_lag{group="g",partition="0",topic="t"} 3`, `kafka_server_socket_server_metrics_connection_count 4`, `kurier_broker_healthy 1`,
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("missing: %s", line)
		}
	}
	if strings.Contains(got, "gone") {
		t.Error("the counters of a deleted topic stay")
	}
	if !strings.Contains(scrape(t, metrics.New(state{errors.New("flush failed")})), "kurier_broker_healthy 0\n") {
		t.Error("a failed flush is not shown")
	}
}
