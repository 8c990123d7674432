package bench

import (
	"math"
	"slices"
)

// A Series is what the rounds of one measurement gave, in their order.
type Series []float64

// A Direction says which values are good.
type Direction string

// The directions: of rates, and of times and sizes.
const (
	Higher Direction = "higher"
	Lower  Direction = "lower"
)

// Best is the value that others on the machine disturbed least.
func (s Series) Best(d Direction) float64 {
	if d == Lower {
		return slices.Min(s)
	}
	return slices.Max(s)
}

// Worst is the opposite of Best.
func (s Series) Worst(d Direction) float64 {
	if d == Lower {
		return slices.Max(s)
	}
	return slices.Min(s)
}

// Median is the middle value, the mean of the two in the middle of an even number.
func (s Series) Median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// An Aim is what a line should reach; at most one field is set.
type Aim struct {
	Ratio   float64 `json:"ratio,omitempty"`    // of the yardstick, at least
	AtLeast float64 `json:"at_least,omitempty"` // in the line's unit
	AtMost  float64 `json:"at_most,omitempty"`  // in the line's unit
}

// A Line is one line of the table.
type Line struct {
	Part      string    `json:"part"`
	What      string    `json:"what"`
	Unit      string    `json:"unit"`
	Direction Direction `json:"better"`
	Measured  Series    `json:"measured,omitempty"`
	Yardstick string    `json:"yardstick,omitempty"` // what Baseline is
	Baseline  Series    `json:"baseline,omitempty"`
	Aim       Aim       `json:"aim"`
	Skipped   string    `json:"skipped,omitempty"` // why nothing was measured
}

// Ratio is the best value over the yardstick's best value; ok is false when there is none.
func (l *Line) Ratio() (r float64, ok bool) {
	if len(l.Measured) == 0 || len(l.Baseline) == 0 {
		return 0, false
	}
	r = l.Measured.Best(l.Direction) / l.Baseline.Best(l.Direction)
	return r, !math.IsNaN(r) && !math.IsInf(r, 0)
}

// Met reports whether the aim is reached; ok is false when there is no aim, or nothing was measured.
func (l *Line) Met() (met, ok bool) {
	if len(l.Measured) == 0 {
		return false, false
	}
	best := l.Measured.Best(l.Direction)
	switch {
	case l.Aim.Ratio > 0:
		r, ok := l.Ratio()
		return r >= l.Aim.Ratio, ok
	case l.Aim.AtLeast > 0:
		return best >= l.Aim.AtLeast, true
	case l.Aim.AtMost > 0:
		return best <= l.Aim.AtMost, true
	}
	return false, false
}
