package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSeries(t *testing.T) {
	odd, even := series{3, 1, 2}, series{4, 1, 3, 2}
	got := []float64{odd.best(higher), odd.best(lower), odd.median(), even.median()}
	if diff := cmp.Diff([]float64{3, 1, 2, 2.5}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(series{3, 1, 2}, odd); diff != "" {
		t.Errorf("the order of the rounds changed: %s", diff)
	}
}

func TestQuantile(t *testing.T) {
	thousand := make([]time.Duration, 1000)
	for i := range thousand {
		thousand[i] = time.Duration(i + 1)
	}
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 500, 0.99: 990, 0.999: 999, 1: 1000} {
		if got := quantile(thousand, q); got != want {
			t.Errorf("quantile %v is %d, want %d", q, got, want)
		}
	}
	if got := quantile(thousand[:1], 0.999); got != 1 {
		t.Errorf("of one value: %d", got)
	}
}

func TestRatio(t *testing.T) {
	rate := line{Better: higher, Kurier: series{100, 200}, Baseline: series{100, 50}, Aim: 1}
	size := line{Better: lower, Kurier: series{30, 20}, Baseline: series{100, 400}, Aim: 10}
	for _, tc := range []struct {
		line      line
		ratio     float64
		ok        bool
		met, aims bool
	}{
		{rate, 2, true, true, true},
		{size, 5, true, false, true},
		{line{Better: higher, Paired: true, Kurier: series{10, 90, 30}, Baseline: series{10, 30, 60}, Aim: 0.8}, 1, true, true, true},
		{line{Better: higher, Paired: true, Kurier: series{10, 90}, Baseline: series{10}, Aim: 0.8}, 0, false, false, false},
		{line{Better: higher, Kurier: series{1}, Aim: 1}, 0, false, false, false},
		{line{Better: higher, Kurier: series{1}, Baseline: series{0}, Aim: 1}, 0, false, false, false},
		{line{Better: higher, Kurier: series{3}, Baseline: series{2}}, 1.5, true, true, false},
	} {
		r, ok := tc.line.ratio()
		met, aims := tc.line.met()
		if ok != tc.ok || ok && r != tc.ratio || aims != tc.aims || aims && met != tc.met {
			t.Errorf("%+v: ratio %v %v, met %v %v", tc.line, r, ok, met, aims)
		}
	}
}

func testReport() *report {
	return &report{System: "os/arch", CPUs: 2, Load: "0.10 0.20 0.30", Others: new(0.25), Seconds: 61, Rounds: 2, Notes: []string{"A note."}, Failed: []string{"C: broken"}, Lines: []line{
		{Part: "A", What: "rate", Unit: "MB/s", Better: higher, Kurier: series{1500, 1200}, Yardstick: "other", Baseline: series{1000, 900}, Aim: 1},
		{Part: "A", What: "memory", Unit: "MB", Better: lower, Kurier: series{50}, Yardstick: "other", Baseline: series{400}, Aim: 10},
		{Part: "B", What: "alone", Unit: "ms", Better: lower, Kurier: series{0.25}},
		{Part: "B", What: "gone", Skipped: "there is no java"},
	}}
}

func TestText(t *testing.T) {
	const want = `os/arch, 2 CPUs, 2 rounds, 61 s. A ratio says how many times better than the yardstick Kurier is, best round over best round.
Load before the run 0.10 0.20 0.30; meanwhile the kernel and processes that are not the bench's used 25 % of the CPUs.
A note.

A (1 of 2 aims met)
RATIO  AIM      MET  WHAT    KURIER  MEDIAN  UNIT  YARDSTICK   BEST  MEDIAN
1.50×  ≥ 1.00×  yes  rate     1,500   1,350  MB/s  other      1,000  950
8.00×  ≥ 10.0×  NO   memory      50      50  MB    other        400  400

B
RATIO  AIM      MET  WHAT    KURIER  MEDIAN  UNIT  YARDSTICK   BEST  MEDIAN
    –  –        –    alone     0.25    0.25  ms
    –  –        –    gone    NOT MEASURED: there is no java

COULD NOT BE MEASURED: C: broken
`
	b := &strings.Builder{}
	if err := testReport().text(b, false); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	if err := testReport().text(b, true); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\033[1m8.00×") || strings.Contains(b.String(), "\033[1m1.50×") {
		t.Errorf("the missed row alone must be bold:\n%s", b)
	}
}

func TestJSON(t *testing.T) {
	b := &strings.Builder{}
	if err := testReport().json(b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		CPUs   int
		Failed []string
		Lines  []struct {
			What    string
			Ratio   *float64
			Met     *bool
			Kurier  []float64
			Skipped string
		}
	}
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.CPUs != 2 || len(got.Lines) != 4 || len(got.Failed) != 1 {
		t.Fatalf("%+v", got)
	}
	first, second, third, last := got.Lines[0], got.Lines[1], got.Lines[2], got.Lines[3]
	if *first.Ratio != 1.5 || !*first.Met || *second.Ratio != 8 || *second.Met || third.Ratio != nil || third.Met != nil || last.Skipped == "" {
		t.Errorf("%s", b)
	}
	if diff := cmp.Diff([]float64{1500, 1200}, first.Kurier); diff != "" {
		t.Error(diff)
	}
}

func TestGrouped(t *testing.T) {
	for v, want := range map[float64]string{1234567: "1,234,567", 999: "999", 12.34: "12.3", 1.234: "1.23", 5: "5", 1234.5: "1,234", 0: "0"} {
		if got := grouped(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}
