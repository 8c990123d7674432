package consumer

import (
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// replica is the group as its records hold it after compaction.
type replica map[string][]byte

// follow stores what the machine asks for and checks that a machine that loads
// the log is the same.
func (r replica) follow(m *Machine) error {
	for _, rec := range m.Records() {
		if rec.Value == nil {
			delete(r, string(rec.Key))
		} else {
			r[string(rec.Key)] = rec.Value
		}
	}
	m.Stored()
	again, err := r.load(m.topics, time.Time{}, Config{})
	if err != nil {
		return err
	}
	volatile := []cmp.Option{cmp.AllowUnexported(Machine{}, member{}, partition{}),
		cmpopts.IgnoreFields(Machine{}, "topics", "cfg", "assignor", "stale", "emptied", "next", "dirty", "patterns"),
		cmpopts.IgnoreFields(member{}, "deadline", "revokeBy", "resend", "known", "held"), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(m, again, volatile...); diff != "" {
		return fmt.Errorf("what is stored differs from what is known:\n%s", diff)
	}
	for expr, p := range m.patterns {
		if q := again.patterns[expr]; q == nil || !cmp.Equal(p.topics, q.topics, cmpopts.EquateEmpty()) {
			return fmt.Errorf("pattern %s is stored as %+v", expr, q)
		}
	}
	return nil
}

func (r replica) load(topics Topics, now time.Time, cfg Config) (*Machine, error) {
	m := New("g", topics)
	for key, value := range r { // in any order
		kind, group, name, ok, err := ParseKey([]byte(key))
		if err != nil || !ok || group != "g" {
			return nil, fmt.Errorf("key %q: %v, group %q, %v", key, ok, group, err)
		}
		if err := m.Load(kind, name, value); err != nil {
			return nil, err
		}
	}
	m.Resume(now, cfg)
	return m, nil
}
