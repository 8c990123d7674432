package broker

import (
	"net/http"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/metrics"
)

// Metrics answers scrapes of Prometheus. It serves until the broker is stopped.
func (b *Broker) Metrics() http.Handler { return b.metrics.Handler() }

// observed is the broker as its metrics see it.
type observed struct{ b *Broker }

// Logs implements metrics.State.
func (o observed) Logs() []metrics.Log {
	var out []metrics.Log
	for _, t := range o.b.meta.Topics() {
		for p := range t.Partitions {
			if log := o.b.logs.Log(commitlog.ID{Topic: t.ID, Partition: p}); log != nil {
				out = append(out, metrics.Log{Topic: t.Name, Partition: p, Size: log.Size(), Start: log.LogStart(), End: log.HighWatermark()})
			}
		}
	}
	return out
}

// Committed implements metrics.State.
func (o observed) Committed() []metrics.Committed {
	var out []metrics.Committed
	for _, g := range o.b.groups.List() {
		for tp, offset := range o.b.groups.Fetch(g.ID) {
			t := o.b.meta.Topic(tp.Topic)
			if t == nil {
				continue
			}
			log := o.b.logs.Log(commitlog.ID{Topic: t.ID, Partition: tp.Partition})
			if log == nil {
				continue
			}
			out = append(out, metrics.Committed{Group: g.ID, Topic: tp.Topic, Partition: tp.Partition, Offset: offset.Offset, Lag: max(log.HighWatermark()-offset.Offset, 0)})
		}
	}
	slices.SortFunc(out, func(a, b metrics.Committed) int {
		return strings.Compare(a.Group+"\x00"+a.Topic, b.Group+"\x00"+b.Topic)
	})
	return out
}

// Healthy is nil until a flush fails; from then on no record is accepted until
// the broker is started again, as the state of what was flushed is unknown.
func (b *Broker) Healthy() error { return b.logs.Healthy() }

// Healthy implements metrics.State.
func (o observed) Healthy() error { return o.b.Healthy() }

// Connections implements metrics.State.
func (o observed) Connections() int { return o.b.srv.Connections() }

var _ metrics.State = observed{}
