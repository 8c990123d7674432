// Package quota limits the bytes that users and clients move (KIP-13, KIP-546):
// it finds the quota that applies to a user and client id, and says how long a
// connection must pause to stay within it.
package quota

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/kurier-io/kurier/broker/metadata"
)

// The values that are enforced, by Kafka's names.
const (
	ProduceRate = "producer_byte_rate"
	FetchRate   = "consumer_byte_rate"
)

// Entity types.
const (
	User     = "user"
	ClientID = "client-id"
	IP       = "ip"
)

// MaxPause bounds one pause; what is left of a debt is paid by later ones.
const MaxPause = 30 * time.Second

// maxBuckets bounds the memory of buckets: idle ones are dropped when there are
// too many.
const maxBuckets = 10_000

// Manager keeps one bucket for each user and client id that a quota applies to.
// Its methods may be called from any goroutine.
type Manager struct {
	mu      sync.Mutex
	quotas  map[string]metadata.Quota
	buckets map[bucketKey]*bucket
}

type bucketKey struct{ value, entity string }

// bucket holds up to one second's worth of bytes; a debt is negative.
type bucket struct {
	tokens float64
	at     time.Time
}

// NewManager returns a manager without quotas.
func NewManager() *Manager { return &Manager{buckets: map[bucketKey]*bucket{}} }

// Set replaces the quotas. It keeps the map, which must not change any more.
func (m *Manager) Set(quotas map[string]metadata.Quota) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.quotas = quotas
	clear(m.buckets)
}

// find looks for the most specific quota that sets the value, in Kafka's order,
// and names the bucket that the bytes are counted in: a quota for a default
// applies to each user or client of its own.
func (m *Manager) find(value, user, client string) (rate float64, entity string, ok bool) {
	for _, c := range [...]struct{ user, client *string }{
		{&user, &client}, {&user, new("")}, {&user, nil}, {new(""), &client}, {new(""), new("")}, {new(""), nil}, {nil, &client}, {nil, new("")},
	} {
		var q metadata.Quota
		part := func(kind string, name *string) {
			switch {
			case name == nil:
			case *name == "":
				q.Entity = append(q.Entity, metadata.QuotaEntity{Type: kind})
			default:
				q.Entity = append(q.Entity, metadata.QuotaEntity{Type: kind, Name: name})
			}
		}
		part(ClientID, c.client)
		part(User, c.user)
		if rate, ok = m.quotas[q.Key()].Values[value]; !ok {
			continue
		}
		if c.user != nil {
			entity = user
		}
		entity += "\x00"
		if c.client != nil {
			entity += client
		}
		return rate, entity, true
	}
	return 0, "", false
}

// Charge counts bytes and returns how long the connection should pause.
func (m *Manager) Charge(now time.Time, value, user, client string, bytes int) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.quotas) == 0 {
		return 0
	}
	rate, entity, ok := m.find(value, user, client)
	if !ok || rate <= 0 {
		return 0
	}
	key := bucketKey{value, entity}
	b := m.buckets[key]
	if b == nil {
		if len(m.buckets) >= maxBuckets {
			maps.DeleteFunc(m.buckets, func(_ bucketKey, b *bucket) bool { return now.Sub(b.at) > MaxPause })
		}
		if len(m.buckets) >= maxBuckets {
			key.entity = "" // those that find no room share one
			b = m.buckets[key]
		}
		if b == nil {
			b = &bucket{tokens: rate, at: now}
			m.buckets[key] = b
		}
	}
	b.tokens = min(b.tokens+rate*now.Sub(b.at).Seconds(), rate)
	b.at = now
	b.tokens -= float64(bytes)
	if b.tokens >= 0 {
		return 0
	}
	return min(time.Duration(-b.tokens/rate*float64(time.Second)), MaxPause)
}

// Known lists the values that can be set for a combination of entity types.
func Known(types []string) []string {
	if slices.Equal(types, []string{IP}) {
		return []string{"connection_creation_rate"}
	}
	return []string{ProduceRate, FetchRate, "request_percentage", "controller_mutation_rate"}
}
