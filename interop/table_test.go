//go:build interop

package interop

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// A client is what a row of the table is about.
type client struct{ name, version string }

// check runs one named check and notes how it ended.
func (c client) check(t *testing.T, name string, fn func(t *testing.T)) bool {
	t.Helper()
	return t.Run(name, func(t *testing.T) {
		defer func() {
			switch {
			case t.Failed():
				c.note(t, "fail", t.Name())
			case t.Skipped():
				c.note(t, "skip", t.Name())
			default:
				c.note(t, "pass", t.Name())
			}
		}()
		fn(t)
	})
}

// missing skips a whole client, loudly: the table shows it too.
func (c client) missing(t *testing.T, what string) {
	t.Helper()
	c.note(t, "missing", what)
	t.Skipf("%s is not tested: %s", c.name, what)
}

func (c client) note(t *testing.T, how, what string) {
	f, err := os.OpenFile(os.Getenv(resultsVar), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Error(err)
		return
	}
	_, err = fmt.Fprintf(f, "%s\t%s\t%s\t%s\n", c.name, c.version, how, what)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Error(err)
	}
}

// printTable sums the notes up: a row per client.
func printTable(w io.Writer, path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was run
	}
	if err != nil {
		return err
	}
	defer f.Close()
	type row struct {
		passed, skipped int
		failed, missing []string
	}
	rows := map[client]*row{}
	var order []client
	s := bufio.NewScanner(f)
	for s.Scan() {
		fields := strings.Split(s.Text(), "\t")
		if len(fields) != 4 {
			return fmt.Errorf("%s: not a note: %q", path, s.Text())
		}
		c := client{fields[0], fields[1]}
		r := rows[c]
		if r == nil {
			r = &row{}
			rows[c] = r
			order = append(order, c)
		}
		switch fields[2] {
		case "pass":
			r.passed++
		case "skip":
			r.skipped++
		case "missing":
			r.skipped++
			if !slices.Contains(r.missing, fields[3]) {
				r.missing = append(r.missing, fields[3])
			}
		default:
			r.failed = append(r.failed, fields[3])
		}
	}
	slices.SortFunc(order, func(a, b client) int { return strings.Compare(a.name+a.version, b.name+b.version) })
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "CLIENT\tVERSION\tPASSED\tFAILED\tSKIPPED")
	for _, c := range order {
		fmt.Fprintf(tw, "%s\t%s\t%d\t%d\t%d\n", c.name, c.version, rows[c].passed, len(rows[c].failed), rows[c].skipped)
	}
	for _, c := range order {
		for _, what := range rows[c].missing {
			fmt.Fprintf(tw, "SKIPPED: %s: %s\n", c.name, what)
		}
		for _, name := range rows[c].failed {
			fmt.Fprintf(tw, "failed: %s\n", name)
		}
	}
	return errors.Join(s.Err(), tw.Flush())
}
