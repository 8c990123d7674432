package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
)

const (
	countClass = "test.CountSourceConnector"
	fileClass  = "test.FileSinkConnector"
)

type noSettings struct{}

// testPlugin runs in a process of its own; the test speaks to it through files in the folder of the property dir.
func testPlugin() registry.Plugin {
	return registry.Plugin{Name: "test", Version: "1", Entries: []registry.Entry{
		registry.Source[noSettings](countClass, connect.NewSingle, func() connect.SourceTask { return &countTask{} }),
		registry.Sink[noSettings](fileClass, connect.NewSingle, func() connect.SinkTask { return &fileTask{} }),
	}}
}

// countTask produces the numbers from 0 to total, from where its stored offset ends. Number big is of 3 MiB.
type countTask struct{ next, total, big int64 }

var counted = map[string]any{"p": "x"}

func (c *countTask) Start(ctx context.Context, tc connect.SourceTaskContext, props connect.Props) error {
	c.total, _ = strconv.ParseInt(props["total"], 10, 64)
	c.big = -1
	if b, ok := props["big"]; ok {
		c.big, _ = strconv.ParseInt(b, 10, 64)
	}
	offsets, err := tc.Offsets(ctx, []map[string]any{counted})
	if err == nil && offsets[0] != nil {
		c.next = offsets[0]["n"].(int64)
	}
	return err
}

func (c *countTask) Poll(ctx context.Context) ([]connect.SourceRecord, error) {
	select {
	case <-ctx.Done():
		return nil, nil
	case <-time.After(2 * time.Millisecond):
	}
	var out []connect.SourceRecord
	for len(out) < 20 && c.next < c.total {
		text := strconv.FormatInt(c.next, 10)
		if c.next == c.big {
			text = strings.Repeat("x", 3<<20)
		}
		c.next++
		r := connect.SourceRecord{SourcePartition: counted, SourceOffset: map[string]any{"n": c.next}}
		r.Topic, r.Partition, r.Value = "numbers", connect.Some[int32](0), data.StringValue(text)
		out = append(out, r)
	}
	return out, nil
}

func (c *countTask) Stop(context.Context) error { return nil }

// fileTask appends what it is given to the file out; while a file retry is there it notes the batch in tries and asks for another try.
type fileTask struct{ dir string }

func (f *fileTask) Start(_ context.Context, _ connect.SinkTaskContext, props connect.Props) error {
	f.dir = props["dir"]
	return nil
}

func (f *fileTask) has(name string) bool {
	_, err := os.Stat(filepath.Join(f.dir, name))
	return err == nil
}

func (f *fileTask) Put(_ context.Context, records []connect.SinkRecord) error {
	if len(records) == 0 {
		return nil
	}
	var b bytes.Buffer
	var bad []connect.RecordError
	for i := range records {
		r := &records[i]
		if r.Value.Str() == "bad" {
			bad = append(bad, connect.RecordError{Index: i, Err: errors.New("told so")})
			continue
		}
		fmt.Fprintf(&b, "%d:%d=%s ", r.OriginalPartition, r.Offset, r.Value.Str())
	}
	if f.has("retry") {
		if err := f.note("tries", b.String()+"\n"); err != nil {
			return err
		}
		return connect.Retriable(errors.New("away"), 20*time.Millisecond)
	}
	if err := f.note("out", b.String()); err != nil || len(bad) == 0 {
		return err
	}
	return &connect.BadRecordsError{Records: bad}
}

func (f *fileTask) note(name, text string) error {
	out, err := os.OpenFile(filepath.Join(f.dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = out.WriteString(text)
	return err
}

// PreCommit vouches for no more than the number in the file durable.
func (f *fileTask) PreCommit(_ context.Context, offsets map[connect.TopicPartition]int64) (map[connect.TopicPartition]int64, error) {
	b, err := os.ReadFile(filepath.Join(f.dir, "durable"))
	if err != nil {
		return offsets, nil //nolint:nilerr // no such file: everything
	}
	most, err := strconv.ParseInt(string(b), 10, 64)
	for tp, o := range offsets {
		offsets[tp] = min(o, most)
	}
	return offsets, err
}

func (f *fileTask) Stop(context.Context) error { return nil }
