package bench

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample() *Report {
	return &Report{Version: "1.2.3", System: "plan9/mips", CPUs: 2, Rows: 1_000_000, Rounds: 3, Lines: []Line{
		{Part: Snapshot, What: "table to topic", Unit: "rows/s", Direction: Higher, Measured: Series{300_000, 410_000, 350_000}, Yardstick: "COPY", Baseline: Series{1_000_000, 900_000, 800_000}, Aim: Aim{Ratio: 0.35}},
		{Part: File, What: "file", Unit: "lines/s", Direction: Higher, Measured: Series{250_000}, Aim: Aim{AtLeast: 300_000}},
		{Part: Memory, What: "idle", Unit: "MB", Direction: Lower, Measured: Series{26.54}, Yardstick: "the aim", Baseline: Series{80}, Aim: Aim{AtMost: 80}},
		{Part: Sink, What: "topic to table", Skipped: "no PostgreSQL"},
	}}
}

func TestTable(t *testing.T) {
	b := &strings.Builder{}
	if err := sample().Text(b); err != nil {
		t.Fatal(err)
	}
	want := `Kurier 1.2.3, plan9/mips, 2 CPUs, 1,000,000 rows, 3 rounds of each measurement. The ratio is best over best.

 RATIO  AIM        MET  WHAT                         BEST   MEDIAN    WORST  UNIT     YARDSTICK       BEST   MEDIAN
  41 %  ≥ 35 %     yes  snapshot: table to topic  410,000  350,000  300,000  rows/s   COPY       1,000,000  900,000
     –  ≥ 300,000  NO   file: file                250,000  250,000  250,000  lines/s
33.2 %  ≤ 80       yes  memory: idle                 26.5     26.5     26.5  MB       the aim           80       80

NOT MEASURED: sink, topic to table: no PostgreSQL
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}

func TestJSONHasRatiosAndRounds(t *testing.T) {
	b := &strings.Builder{}
	if err := sample().JSON(b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Rows  int
		Lines []struct {
			Part     string
			Ratio    *float64
			Met      *bool
			Measured []float64
			Skipped  string
		}
	}
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Rows != 1_000_000 || len(got.Lines) != 4 {
		t.Fatalf("%s", b)
	}
	if l := got.Lines[0]; l.Ratio == nil || *l.Ratio != 0.41 || l.Met == nil || !*l.Met || len(l.Measured) != 3 {
		t.Errorf("%+v", l)
	}
	if l := got.Lines[1]; l.Ratio != nil || l.Met == nil || *l.Met {
		t.Errorf("no yardstick: %+v", l)
	}
	if l := got.Lines[3]; l.Ratio != nil || l.Met != nil || l.Measured != nil || l.Skipped != "no PostgreSQL" {
		t.Errorf("skipped: %+v", l)
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 7: "7", 7.25: "7.2", 99.96: "100.0", 999: "999", 1000: "1,000", 123456.7: "123,457", 1234567: "1,234,567"} {
		if got := grouped(v); got != want {
			t.Errorf("grouped(%v) = %s, want %s", v, got, want)
		}
	}
	for v, want := range map[float64]string{0.35: "35 %", 0.3549: "35.5 %", 0.0501: "5.0 %", 1: "100 %", 1.4321: "143 %"} {
		if got := percent(v); got != want {
			t.Errorf("percent(%v) = %s, want %s", v, got, want)
		}
	}
}
