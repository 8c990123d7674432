package main

import (
	"math"
	"slices"
	"time"
)

// series is what the rounds of one measurement gave, in their order.
type series []float64

// direction says which values are good.
type direction string

// The directions: of rates, and of times and sizes.
const (
	higher direction = "higher"
	lower  direction = "lower"
)

// best is the value that others on the machine disturbed least.
func (s series) best(d direction) float64 {
	if d == lower {
		return slices.Min(s)
	}
	return slices.Max(s)
}

// median is the middle value, the mean of the two in the middle of an even number.
func (s series) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// quantile returns the smallest of the sorted values that at least the share q of them do not exceed.
func quantile(sorted []time.Duration, q float64) time.Duration {
	at := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(at, 0), len(sorted)-1)]
}

// line is one row of the table.
type line struct {
	Part      string    `json:"part"`
	What      string    `json:"what"`
	Unit      string    `json:"unit"`
	Better    direction `json:"better"`
	Kurier    series    `json:"kurier,omitempty"`
	Yardstick string    `json:"yardstick,omitempty"`
	Baseline  series    `json:"baseline,omitempty"`
	Paired    bool      `json:"paired,omitempty"`  // the rounds of the two belong together: the ratio is the median of theirs
	Aim       float64   `json:"aim,omitempty"`     // the ratio, at least; 0 for none
	Skipped   string    `json:"skipped,omitempty"` // why nothing was measured
}

// ratio says how many times better than the yardstick Kurier's best value is, 1 being equal; ok is false when one of the two is missing.
func (l *line) ratio() (r float64, ok bool) {
	if len(l.Kurier) == 0 || len(l.Baseline) == 0 || l.Paired && len(l.Kurier) != len(l.Baseline) {
		return 0, false
	}
	r = l.Kurier.best(l.Better) / l.Baseline.best(l.Better)
	if l.Paired {
		rounds := make(series, len(l.Kurier))
		for i := range rounds {
			rounds[i] = l.Kurier[i] / l.Baseline[i]
		}
		r = rounds.median()
	}
	if l.Better == lower {
		r = 1 / r
	}
	return r, !math.IsNaN(r) && !math.IsInf(r, 0)
}

// met reports whether the aim is reached; ok is false when there is no aim or no ratio.
func (l *line) met() (met, ok bool) {
	r, ok := l.ratio()
	return r >= l.Aim, ok && l.Aim > 0
}
