package quota_test

import (
	"testing"
	"time"

	"github.com/kurier-io/kurier/broker/metadata"
	"github.com/kurier-io/kurier/broker/quota"
)

func entity(user, client string) []metadata.QuotaEntity {
	var out []metadata.QuotaEntity
	add := func(kind, name string) {
		switch name {
		case "-":
		case "default":
			out = append(out, metadata.QuotaEntity{Type: kind})
		default:
			out = append(out, metadata.QuotaEntity{Type: kind, Name: &name})
		}
	}
	add(quota.ClientID, client)
	add(quota.User, user)
	return out
}

func set(m *quota.Manager, rates map[[2]string]float64) {
	all := map[string]metadata.Quota{}
	for who, rate := range rates {
		q := metadata.Quota{Entity: entity(who[0], who[1]), Values: map[string]float64{quota.ProduceRate: rate}}
		all[q.Key()] = q
	}
	m.Set(all)
}

// TestTheMostSpecificQuotaCounts walks Kafka's order of precedence by taking the
// most specific quota away, one after the other.
func TestTheMostSpecificQuotaCounts(t *testing.T) {
	order := [][2]string{{"u", "c"}, {"u", "default"}, {"u", "-"}, {"default", "c"}, {"default", "default"}, {"default", "-"}, {"-", "c"}, {"-", "default"}}
	m, now := quota.NewManager(), time.Unix(0, 0)
	for i := range order {
		rates := map[[2]string]float64{}
		for j := i; j < len(order); j++ {
			rates[order[j]] = float64(1000 * (j + 1))
		}
		set(m, rates)
		rate := float64(1000 * (i + 1))
		// One second's worth is free, the next second's worth costs a second.
		if d := m.Charge(now, quota.ProduceRate, "u", "c", int(rate)); d != 0 {
			t.Errorf("%v: a burst within one second pauses %v", order[i], d)
		}
		if d := m.Charge(now, quota.ProduceRate, "u", "c", int(rate)); d != time.Second {
			t.Errorf("%v: pause %v, want 1s", order[i], d)
		}
	}
	set(m, nil)
	if d := m.Charge(now, quota.ProduceRate, "u", "c", 1<<30); d != 0 {
		t.Errorf("pause %v without a quota", d)
	}
}

func TestADebtIsPaid(t *testing.T) {
	m, now := quota.NewManager(), time.Unix(0, 0)
	set(m, map[[2]string]float64{{"default", "-"}: 100})
	if d := m.Charge(now, quota.ProduceRate, "u", "c", 300); d != 2*time.Second {
		t.Fatalf("pause %v, want 2s", d)
	}
	if d := m.Charge(now.Add(2*time.Second), quota.ProduceRate, "u", "other", 50); d != 500*time.Millisecond {
		t.Errorf("pause %v, want 0.5s: a quota of a user counts all its clients", d)
	}
	if d := m.Charge(now, quota.ProduceRate, "v", "c", 100); d != 0 {
		t.Errorf("pause %v: a default is for each user alone", d)
	}
	if d := m.Charge(now, quota.FetchRate, "u", "c", 1000); d != 0 {
		t.Errorf("pause %v: fetching has no quota", d)
	}
	if d := m.Charge(now, quota.ProduceRate, "w", "c", 1<<30); d != quota.MaxPause {
		t.Errorf("pause %v, want the longest", d)
	}
}
