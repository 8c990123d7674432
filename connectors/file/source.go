package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

type sourceSettings struct {
	File  string `config:"file,required" nonempty:"true" importance:"high" doc:"Source filename. Unlike Apache Kafka's connector it must be given: a connector process has no standard input."`
	Topic string `config:"topic,required" nonempty:"true" importance:"high" doc:"The topic to publish data to."`
	Batch int    `config:"batch.size" default:"2000" min:"1" importance:"low" doc:"The maximum number of records the source task can read from the file each time it is polled."`
}

const (
	readSize  = 256 << 10
	maxLine   = 64 << 20
	idlePause = time.Second
)

// Keys of source partitions and offsets. The position is in bytes; Apache Kafka's connector counts characters there and so cuts lines of multi-byte text
// after a restart.
const (
	filenameKey = "filename"
	positionKey = "position"
)

type sourceTask struct {
	cfg    sourceSettings
	log    *slog.Logger
	schema *data.Schema

	f         *os.File // nil: not there yet
	pos       int64    // of the first byte that belongs to no record yet
	buf       []byte   // what was read from pos on, used up to start
	start     int
	partition map[string]any
	recs      []connect.SourceRecord
	missing   bool // its absence was logged
}

func (t *sourceTask) Start(ctx context.Context, tc connect.SourceTaskContext, props connect.Props) error {
	var err error
	if t.cfg, err = config.Parse[sourceSettings](props); err != nil {
		return err
	}
	t.log, t.schema = tc.Log(), data.Of(data.String).MustBuild()
	t.partition = map[string]any{filenameKey: t.cfg.File}
	stored, err := tc.Offsets(ctx, []map[string]any{t.partition})
	if err != nil {
		return fmt.Errorf("reading the stored offset of %s: %w", t.cfg.File, err)
	}
	if stored[0] != nil {
		pos, ok := stored[0][positionKey].(int64)
		if !ok || pos < 0 {
			return fmt.Errorf("the stored offset %v of %s has no usable %q: delete or alter it with the offsets endpoint", stored[0], t.cfg.File, positionKey)
		}
		t.pos = pos
	}
	return nil
}

// Poll returns complete lines: those that end with \n, \r\n or \r.
func (t *sourceTask) Poll(ctx context.Context) ([]connect.SourceRecord, error) {
	t.buf = append(t.buf[:0], t.buf[t.start:]...)
	t.start = 0
	for {
		n, err := t.read()
		if err != nil {
			return nil, err
		}
		if recs := t.lines(); len(recs) > 0 {
			return recs, nil
		}
		if n > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return nil, nil
		case <-time.After(idlePause):
			return nil, nil
		}
	}
}

// read appends to the buffer, opening the file when need be. No bytes and no error mean that there is nothing at present.
func (t *sourceTask) read() (int, error) {
	if len(t.buf) >= readSize && bytes.ContainsAny(t.buf[t.start:], "\n\r") {
		return 0, nil
	}
	if t.f == nil {
		if err := t.open(); err != nil || t.f == nil {
			return 0, err
		}
	}
	if len(t.buf) >= maxLine {
		return 0, fmt.Errorf("%s has a line of more than %d bytes at position %d", t.cfg.File, maxLine, t.pos)
	}
	have := len(t.buf)
	t.buf = append(t.buf, make([]byte, readSize)...)
	n, err := t.f.ReadAt(t.buf[have:], t.pos+int64(have))
	t.buf = t.buf[:have+n]
	if err != nil && !errors.Is(err, io.EOF) {
		return n, connect.Retriable(fmt.Errorf("reading %s: %w", t.cfg.File, err), 0)
	}
	if n == 0 {
		return 0, t.replaced()
	}
	return n, nil
}

func (t *sourceTask) open() error {
	f, err := os.Open(t.cfg.File)
	if errors.Is(err, fs.ErrNotExist) {
		if !t.missing {
			t.log.Warn("the source file does not exist yet; looking again every second", "file", t.cfg.File)
		}
		t.missing = true
		return nil
	}
	if err != nil {
		return connect.ConfigErr("file", err.Error(), "the worker's user must be able to read it")
	}
	t.f, t.missing = f, false
	return nil
}

// replaced looks, at the end of the file, whether it was truncated or another file has taken its name.
func (t *sourceTask) replaced() error {
	now, err := os.Stat(t.cfg.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // in the midst of a rotation
	}
	if err != nil {
		return connect.Retriable(err, 0)
	}
	open, err := t.f.Stat()
	if err != nil {
		return connect.Retriable(err, 0)
	}
	if os.SameFile(now, open) && now.Size() >= t.pos {
		return nil
	}
	t.log.Warn("the source file was truncated or replaced; reading it from its beginning", "file", t.cfg.File, "position", t.pos)
	err = t.f.Close()
	t.f, t.pos, t.buf, t.start = nil, 0, t.buf[:0], 0
	return err
}

// lines cuts complete lines off the buffer.
func (t *sourceTask) lines() []connect.SourceRecord {
	now := connect.Some(time.Now().UnixMilli())
	t.recs = t.recs[:0]
	for len(t.recs) < t.cfg.Batch {
		rest := t.buf[t.start:]
		end, next := cut(rest)
		if end < 0 {
			break
		}
		t.recs = append(t.recs, connect.SourceRecord{Record: connect.Record{
			Topic: t.cfg.Topic, ValueSchema: t.schema, Value: data.StringOf(rest[:end:end]), Timestamp: now,
		}})
		t.start += next
		t.pos += int64(next)
	}
	if n := len(t.recs); n > 0 {
		t.recs[n-1].SourcePartition, t.recs[n-1].SourceOffset = t.partition, map[string]any{positionKey: t.pos}
	}
	return t.recs
}

// cut finds the first line: its length, and where the next one starts. A \r at the very end may be half of \r\n, so it ends no line yet.
func cut(b []byte) (end, next int) {
	nl := bytes.IndexByte(b, '\n')
	scope := b
	if nl >= 0 {
		scope = b[:nl]
	}
	if cr := bytes.IndexByte(scope, '\r'); cr >= 0 && cr+1 < len(b) {
		if b[cr+1] == '\n' {
			return cr, cr + 2
		}
		return cr, cr + 1
	}
	return nl, nl + 1
}

func (t *sourceTask) Stop(context.Context) error {
	if t.f == nil {
		return nil
	}
	return t.f.Close()
}
