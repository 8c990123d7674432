package file

import (
	"bufio"
	"context"
	"fmt"
	"os"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

type sinkSettings struct {
	File string `config:"file,required" nonempty:"true" importance:"high" doc:"Destination filename. Unlike Apache Kafka's connector it must be given: a connector process has no standard output."`
}

// sinkConnector gives every task the whole configuration; they append to one file.
type sinkConnector struct{ props connect.Props }

func newSinkConnector() connect.Connector { return &sinkConnector{} }

func (c *sinkConnector) Start(_ context.Context, _ connect.ConnectorContext, props connect.Props) error {
	c.props = props
	return nil
}

func (c *sinkConnector) TaskConfigs(_ context.Context, maxTasks int) ([]connect.Props, error) {
	out := make([]connect.Props, maxTasks)
	for i := range out {
		out[i] = c.props
	}
	return out, nil
}

func (c *sinkConnector) Stop(context.Context) error { return nil }

type sinkTask struct {
	f *os.File
	w *bufio.Writer
}

func (t *sinkTask) Start(_ context.Context, _ connect.SinkTaskContext, props connect.Props) error {
	cfg, err := config.Parse[sinkSettings](props)
	if err != nil {
		return err
	}
	if t.f, err = os.OpenFile(cfg.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
		return connect.ConfigErr("file", err.Error(), "the worker's user must be able to write it")
	}
	t.w = bufio.NewWriterSize(t.f, 64<<10)
	return nil
}

// Put appends each value as Java's toString prints it.
func (t *sinkTask) Put(_ context.Context, records []connect.SinkRecord) error {
	for i := range records {
		v := records[i].Value
		line := v.Str()
		if line == "" {
			line = v.String()
		}
		if _, err := t.w.WriteString(line); err != nil {
			return fmt.Errorf("writing %s: %w", t.f.Name(), err)
		}
		if err := t.w.WriteByte('\n'); err != nil {
			return fmt.Errorf("writing %s: %w", t.f.Name(), err)
		}
	}
	return nil
}

// PreCommit makes everything durable, so that all offsets may be committed.
func (t *sinkTask) PreCommit(_ context.Context, offsets map[connect.TopicPartition]int64) (map[connect.TopicPartition]int64, error) {
	if err := t.w.Flush(); err != nil {
		return nil, fmt.Errorf("writing %s: %w", t.f.Name(), err)
	}
	if err := t.f.Sync(); err != nil {
		return nil, fmt.Errorf("making %s durable: %w", t.f.Name(), err)
	}
	return offsets, nil
}

func (t *sinkTask) Stop(context.Context) error {
	if t.f == nil {
		return nil
	}
	err := t.w.Flush()
	if cerr := t.f.Close(); err == nil {
		err = cerr
	}
	return err
}
