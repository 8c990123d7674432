package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/plugins/wire"
)

func TestAMissingDatabaseSkipsLoudly(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	said := &strings.Builder{}
	r, err := Run(t.Context(), Config{Rows: 10, Rounds: 1, Only: []string{Snapshot, Sink}, Progress: said, OpenDatabase: func(context.Context, string) (Database, error) {
		return nil, fmt.Errorf("%w: nothing installed", ErrNoDatabase)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Lines) != 3 {
		t.Fatalf("%+v", r.Lines)
	}
	for _, l := range r.Lines {
		if !strings.Contains(l.Skipped, "nothing installed") || len(l.Measured) > 0 {
			t.Errorf("%+v", l)
		}
	}
	for _, part := range []string{Snapshot, Sink} {
		if !strings.Contains(said.String(), "NOT MEASURED: "+part) {
			t.Errorf("nothing is said about %s:\n%s", part, said)
		}
	}
	nothingLeft(t)
}

func TestABrokenDatabaseIsAnErrorAndLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	boom := errors.New("boom")
	_, err := Run(t.Context(), Config{Rows: 10, Rounds: 1, Only: []string{Sink}, Progress: io.Discard, OpenDatabase: func(_ context.Context, dir string) (Database, error) {
		return nil, errors.Join(os.WriteFile(dir, nil, 0o600), boom)
	}})
	if !errors.Is(err, boom) || !strings.Contains(err.Error(), Sink) {
		t.Errorf("%v", err)
	}
	nothingLeft(t)
}

func TestAnUnknownPartIsRefused(t *testing.T) {
	if _, err := Run(t.Context(), Config{Only: []string{"snapshots"}}); err == nil || !strings.Contains(err.Error(), "snapshot,sink") {
		t.Errorf("%v", err)
	}
}

func nothingLeft(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestTheGeneratorsRowsAreReal(t *testing.T) {
	g := &generator{}
	if err := g.make(); err != nil {
		t.Fatal(err)
	}
	frame, err := wire.NewEncoder().Source(nil, g.records)
	if err != nil {
		t.Fatal(err)
	}
	b, err := wire.NewDecoder().Source(frame)
	if err != nil {
		t.Fatal(err)
	}
	if size := len(frame) / generatorBatch; len(b.Records) != generatorBatch || size < 150 || size > 250 {
		t.Errorf("%d records of %d bytes", len(b.Records), size)
	}
	row := b.Records[17].Value.Struct()
	if id, text := row.At(2).Int(), row.At(7).Str(); id != 34 || text != "some text of about thirty 2        17" {
		t.Errorf("%d %q", id, text)
	}
	if b.Offsets[generatorBatch-1] == nil || b.Offsets[0] != nil {
		t.Error("the batch's last record, and no other, has an offset")
	}
}

func TestProgressIsLinesInAPipeAndOneLineOnATerminal(t *testing.T) {
	for terminal, want := range map[bool]string{
		false: "one\ntwo\nstays\n",
		true:  "\r\033[Kone …\r\033[Kone … 5 of 10\r\033[Ktwo …\r\033[Kstays\n\r\033[K",
	} {
		b := &strings.Builder{}
		p := &progress{w: b, terminal: terminal}
		p.begin("one")
		p.at(5, 10)
		p.at(6, 10) // too soon to draw again
		p.begin("two")
		p.say("stays")
		p.end()
		if b.String() != want {
			t.Errorf("terminal %v: %q, want %q", terminal, b, want)
		}
	}
}
