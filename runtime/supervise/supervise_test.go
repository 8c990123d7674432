package supervise

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/kurier-io/kurier/plugins/connect"
)

// TestTranscripts plays stories in virtual time: "start", "fail gone|retriable|fatal", "advance <duration>".
func TestTranscripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var r Record
			now := time.Unix(0, 0)
			var out strings.Builder
			for lines := bufio.NewScanner(strings.NewReader(d.Input)); lines.Scan(); {
				verb, arg, _ := strings.Cut(lines.Text(), " ")
				switch verb {
				case "start":
					r.Started(now)
				case "advance":
					dur, err := time.ParseDuration(arg)
					if err != nil {
						t.Fatal(err)
					}
					now = now.Add(dur)
				case "fail":
					err := map[string]error{"gone": fmt.Errorf("x: %w", connect.ErrPluginGone), "retriable": connect.Retriable(errors.New("x"), 0), "fatal": errors.New("x")}[arg]
					dec := r.Failed(now, err)
					switch {
					case dec.Restart:
						fmt.Fprintf(&out, "%s: restart %d after %s\n", arg, dec.Attempt, dec.Wait)
						now = now.Add(dec.Wait)
					case dec.Spent:
						fmt.Fprintf(&out, "%s: failed, budget spent\n", arg)
					default:
						fmt.Fprintf(&out, "%s: failed\n", arg)
					}
				}
			}
			return out.String()
		})
	})
}
