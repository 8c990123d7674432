package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// report is what a run measured.
type report struct {
	System  string   `json:"system"`
	CPUs    int      `json:"cpus"`
	Load    string   `json:"load_before"`             // the three load averages
	Others  *float64 `json:"cpu_of_others,omitempty"` // share of the machine that neither the bench nor its children used
	Seconds float64  `json:"seconds"`                 // that the run took
	Rounds  int      `json:"rounds"`
	Notes   []string `json:"notes,omitempty"`
	Lines   []line   `json:"lines"`
	Failed  []string `json:"failed,omitempty"` // measurements that could not be made
}

// json writes the report as one object; each line has its ratio, and whether it meets its aim.
func (r *report) json(w io.Writer) error {
	type row struct {
		Ratio *float64 `json:"ratio,omitempty"`
		Met   *bool    `json:"met,omitempty"`
		line
	}
	out := struct {
		*report
		Lines []row `json:"lines"`
	}{report: r, Lines: []row{}}
	for _, l := range r.Lines {
		e := row{line: l}
		if v, ok := l.ratio(); ok {
			e.Ratio = &v
		}
		if v, ok := l.met(); ok {
			e.Met = &v
		}
		out.Lines = append(out.Lines, e)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// text writes the report as tables for people, one for each part. With bold, rows that miss their aim stand out.
func (r *report) text(w io.Writer, bold bool) error {
	table := [][]string{{"RATIO", "AIM", "MET", "WHAT", "KURIER", "MEDIAN", "UNIT", "YARDSTICK", "BEST", "MEDIAN"}}
	for i := range r.Lines {
		table = append(table, cells(&r.Lines[i]))
	}
	rows := align(table, map[int]bool{0: true, 4: true, 5: true, 8: true, 9: true})
	b := &strings.Builder{}
	rounds := fmt.Sprintf("%d rounds", r.Rounds)
	if r.Rounds == 1 {
		rounds = "1 round"
	}
	fmt.Fprintf(b, "%s, %d CPUs, %s, %.0f s. A ratio says how many times better than the yardstick Kurier is, best round over best round.\n", r.System, r.CPUs, rounds, r.Seconds)
	fmt.Fprintf(b, "Load before the run %s", r.Load)
	if r.Others != nil {
		fmt.Fprintf(b, "; meanwhile the kernel and processes that are not the bench's used %.0f %% of the CPUs", *r.Others*100)
	}
	b.WriteString(".\n")
	for _, n := range r.Notes {
		b.WriteString(n + "\n")
	}
	part := ""
	for i, l := range r.Lines {
		if l.Part != part {
			part = l.Part
			fmt.Fprintf(b, "\n%s%s\n%s\n", part, r.score(part), rows[0])
		}
		if met, ok := l.met(); ok && !met && bold {
			fmt.Fprintf(b, "\033[1m%s\033[0m\n", rows[i+1])
			continue
		}
		b.WriteString(rows[i+1] + "\n")
	}
	for _, f := range r.Failed {
		fmt.Fprintf(b, "\nCOULD NOT BE MEASURED: %s\n", f)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// score counts the aims of a part.
func (r *report) score(part string) string {
	reached, all := 0, 0
	for i := range r.Lines {
		if r.Lines[i].Part != part {
			continue
		}
		if met, ok := r.Lines[i].met(); ok {
			all++
			if met {
				reached++
			}
		}
	}
	if all == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d of %d aims met)", reached, all)
}

func cells(l *line) []string {
	if l.Skipped != "" {
		return []string{"–", "–", "–", l.What, "NOT MEASURED: " + l.Skipped}
	}
	out := []string{"–", "–", "–", l.What, "–", "–", l.Unit, l.Yardstick}
	if v, ok := l.ratio(); ok {
		out[0] = times(v)
	}
	if l.Aim > 0 {
		out[1] = "≥ " + times(l.Aim)
	}
	if met, ok := l.met(); ok {
		out[2] = map[bool]string{true: "yes", false: "NO"}[met]
	}
	if len(l.Kurier) > 0 {
		out[4], out[5] = grouped(l.Kurier.best(l.Better)), grouped(l.Kurier.median())
	}
	if len(l.Baseline) > 0 {
		out = append(out, grouped(l.Baseline.best(l.Better)), grouped(l.Baseline.median()))
	}
	return out
}

// times writes a ratio with as many digits as tell anything.
func times(v float64) string {
	decimals := 2
	if v >= 99.5 {
		decimals = 0
	} else if v >= 9.95 {
		decimals = 1
	}
	return strconv.FormatFloat(v, 'f', decimals, 64) + "×"
}

// grouped writes 1234567 as 1,234,567 and small numbers with decimals.
func grouped(v float64) string {
	decimals := 0
	switch {
	case v == float64(int(v)):
	case v < 10:
		decimals = 2
	case v < 100:
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

// align writes columns two spaces apart, the last of a row unpadded; right says which are aligned to the right.
func align(table [][]string, right map[int]bool) []string {
	var widths []int
	for _, row := range table {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if i == 0 || i < len(row)-1 { // the last may be a remark of any length
				widths[i] = max(widths[i], utf8.RuneCountInString(c))
			}
		}
	}
	var out []string
	for _, row := range table {
		b := &strings.Builder{}
		for i, c := range row {
			pad := strings.Repeat(" ", max(widths[i]-utf8.RuneCountInString(c), 0))
			if right[i] {
				c = pad + c
			} else {
				c += pad
			}
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(c)
		}
		out = append(out, strings.TrimRight(b.String(), " "))
	}
	return out
}
