package validation

import (
	"maps"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/kafka"
	"github.com/kurier-io/kurier/runtime/settings"
)

const (
	producerOverride = "producer.override."
	consumerOverride = "consumer.override."
	adminOverride    = "admin.override."
)

// overrides checks overrides of the clients that a connector has against the worker's policy.
func (v *Validator) overrides(r *result, props map[string]string, k registry.Kind) {
	var clients []string
	switch {
	case k == registry.SinkKind && strings.TrimSpace(props[dlqName]) != "":
		clients = []string{producerOverride, consumerOverride, adminOverride}
	case k == registry.SinkKind:
		clients = []string{consumerOverride}
	case createsTopics(props):
		clients = []string{producerOverride, adminOverride}
	default:
		clients = []string{producerOverride}
	}
	for _, prefix := range clients {
		given := kafka.Overrides(props, prefix)
		for _, key := range slices.Sorted(maps.Keys(given)) {
			shown := given[key]
			if settings.Secret(key) {
				shown = config.Hidden
			}
			val := value(prefix+key, &shown)
			if err := v.Policy.Check(key); err != nil {
				val.Errors = append(val.Errors, err.Error())
			}
			r.append(nil, []config.Value{val})
		}
	}
}
