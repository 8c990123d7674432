package bench

import (
	"math"
	"testing"
)

func TestBestWorstAndMedianFollowTheDirection(t *testing.T) {
	s := Series{30, 10, 20, 40}
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"best rate", s.Best(Higher), 40}, {"worst rate", s.Worst(Higher), 10}, {"best time", s.Best(Lower), 10}, {"worst time", s.Worst(Lower), 40},
		{"median of four", s.Median(), 25}, {"median of three", s[:3].Median(), 20}, {"median of one", s[:1].Median(), 30},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	if s[0] != 30 || s[3] != 40 {
		t.Errorf("the rounds lost their order: %v", s)
	}
}

func TestRatioAndAim(t *testing.T) {
	for _, c := range []struct {
		name     string
		line     Line
		ratio    float64 // NaN: none
		met, has bool
	}{
		{"best over best", Line{Direction: Higher, Measured: Series{10, 40}, Baseline: Series{100, 80}, Aim: Aim{Ratio: 0.4}}, 0.4, true, true},
		{"ratio missed", Line{Direction: Higher, Measured: Series{39}, Baseline: Series{100}, Aim: Aim{Ratio: 0.4}}, 0.39, false, true},
		{"sizes: the least counts", Line{Direction: Lower, Measured: Series{90, 60}, Baseline: Series{80}, Aim: Aim{AtMost: 80}}, 0.75, true, true},
		{"size missed", Line{Direction: Lower, Measured: Series{81}, Aim: Aim{AtMost: 80}}, math.NaN(), false, true},
		{"rate with a yardstick and an aim of its own", Line{Direction: Higher, Measured: Series{9}, Baseline: Series{6}, Aim: Aim{AtLeast: 10}}, 1.5, false, true},
		{"a ratio is aimed at but has no yardstick", Line{Direction: Higher, Measured: Series{9}, Aim: Aim{Ratio: 0.5}}, math.NaN(), false, false},
		{"no aim", Line{Direction: Higher, Measured: Series{9}, Baseline: Series{3}}, 3, false, false},
		{"not measured", Line{Direction: Higher, Baseline: Series{3}, Aim: Aim{AtLeast: 1}}, math.NaN(), false, false},
		{"yardstick of nothing", Line{Direction: Higher, Measured: Series{3}, Baseline: Series{0}}, math.NaN(), false, false},
	} {
		r, ok := c.line.Ratio()
		if ok != !math.IsNaN(c.ratio) || ok && r != c.ratio {
			t.Errorf("%s: ratio %v %v, want %v", c.name, r, ok, c.ratio)
		}
		if met, has := c.line.Met(); met != c.met || has != c.has {
			t.Errorf("%s: met %v %v, want %v %v", c.name, met, has, c.met, c.has)
		}
	}
}
