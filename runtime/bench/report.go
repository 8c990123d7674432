package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Report is what a run measured.
type Report struct {
	Version string `json:"version"`
	System  string `json:"system"`
	CPUs    int    `json:"cpus"`
	Rows    int    `json:"rows"`
	Rounds  int    `json:"rounds"`
	Lines   []Line `json:"lines"`
}

// JSON writes the report as one JSON object; each line has its ratio, and whether it meets its aim.
func (r *Report) JSON(w io.Writer) error {
	type line struct {
		Ratio *float64 `json:"ratio,omitempty"`
		Met   *bool    `json:"met,omitempty"`
		Line
	}
	out := struct {
		Report
		Lines []line `json:"lines"`
	}{Report: *r, Lines: []line{}}
	for _, l := range r.Lines {
		e := line{Line: l}
		if v, ok := l.Ratio(); ok {
			e.Ratio = &v
		}
		if v, ok := l.Met(); ok {
			e.Met = &v
		}
		out.Lines = append(out.Lines, e)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// Text writes the report as a table for people.
func (r *Report) Text(w io.Writer) error {
	table := [][]string{{"RATIO", "AIM", "MET", "WHAT", "BEST", "MEDIAN", "WORST", "UNIT", "YARDSTICK", "BEST", "MEDIAN"}}
	var skipped []string
	for i := range r.Lines {
		l := &r.Lines[i]
		if l.Skipped != "" {
			skipped = append(skipped, fmt.Sprintf("NOT MEASURED: %s, %s: %s", l.Part, l.What, l.Skipped))
			continue
		}
		table = append(table, cells(l))
	}
	b := &strings.Builder{}
	fmt.Fprintf(b, "Kurier %s, %s, %d CPUs, %s rows, %s of each measurement. The ratio is best over best.\n\n", r.Version, r.System, r.CPUs, grouped(float64(r.Rows)), rounds(r.Rounds))
	align(b, table, map[int]bool{0: true, 4: true, 5: true, 6: true, 9: true, 10: true})
	for _, s := range skipped {
		fmt.Fprintf(b, "\n%s\n", s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func rounds(n int) string {
	if n == 1 {
		return "1 round"
	}
	return strconv.Itoa(n) + " rounds"
}

func cells(l *Line) []string {
	out := []string{"–", aim(l), "–", l.Part + ": " + l.What}
	if v, ok := l.Ratio(); ok {
		out[0] = percent(v)
	}
	if met, ok := l.Met(); ok {
		out[2] = map[bool]string{true: "yes", false: "NO"}[met]
	}
	out = append(out, grouped(l.Measured.Best(l.Direction)), grouped(l.Measured.Median()), grouped(l.Measured.Worst(l.Direction)), l.Unit, l.Yardstick)
	if len(l.Baseline) > 0 {
		out = append(out, grouped(l.Baseline.Best(l.Direction)), grouped(l.Baseline.Median()))
	}
	return out
}

func aim(l *Line) string {
	switch {
	case l.Aim.Ratio > 0:
		return "≥ " + percent(l.Aim.Ratio)
	case l.Aim.AtLeast > 0:
		return "≥ " + grouped(l.Aim.AtLeast)
	case l.Aim.AtMost > 0:
		return "≤ " + grouped(l.Aim.AtMost)
	}
	return "–"
}

// percent has one decimal where that tells anything.
func percent(v float64) string {
	v *= 100
	if v >= 99.95 || v == float64(int(v)) {
		return strconv.FormatFloat(v, 'f', 0, 64) + " %"
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + " %"
}

// grouped writes 1234567 as 1,234,567 and small numbers with a decimal.
func grouped(v float64) string {
	decimals := 0
	if v < 100 && v != float64(int(v)) {
		decimals = 1
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	whole, rest, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		whole += "." + rest
	}
	return whole
}

// align writes columns two spaces apart; right says which are aligned to the right.
func align(w *strings.Builder, table [][]string, right map[int]bool) {
	var widths []int
	for _, row := range table {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for _, row := range table {
		line := &strings.Builder{}
		for i, c := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if right[i] {
				c = pad + c
			} else {
				c += pad
			}
			if i > 0 {
				line.WriteString("  ")
			}
			line.WriteString(c)
		}
		w.WriteString(strings.TrimRight(line.String(), " "))
		w.WriteByte('\n')
	}
}
