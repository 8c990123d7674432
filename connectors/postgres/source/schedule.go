package source

import "time"

// A schedule decides which table is queried next: the one that has waited longest, not before its poll interval is over. It is pure: time comes from outside.
type schedule struct {
	interval time.Duration
	due      []time.Time // of each table
	last     []int64     // order of the last query of each table
	turn     int64
}

func newSchedule(n int, interval time.Duration) *schedule {
	return &schedule{interval: interval, due: make([]time.Time, n), last: make([]int64, n)}
}

// next returns the table whose turn it is, and how long to wait for that.
func (s *schedule) next(now time.Time) (table int, wait time.Duration) {
	for i := range s.due {
		if s.due[i].Before(s.due[table]) || s.due[i].Equal(s.due[table]) && s.last[i] < s.last[table] {
			table = i
		}
	}
	return table, max(0, s.due[table].Sub(now))
}

// started notes that a table is being queried; its next turn is one interval later, as the Java task counts from the last query's start.
func (s *schedule) started(table int, now time.Time) {
	s.turn++
	s.last[table], s.due[table] = s.turn, now.Add(s.interval)
}
