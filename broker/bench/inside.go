package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/broker"
)

// inside is a broker in this process, where its connections in memory can be had.
type inside struct {
	*broker.Broker
	dir  string
	stop context.CancelFunc
	done chan error
}

func openInside(parent string, d broker.Durability) (*inside, error) {
	dir, err := os.MkdirTemp(parent, "inside-")
	if err != nil {
		return nil, err
	}
	b, err := broker.New(broker.Config{DataDir: dir, Listeners: broker.Plaintext("127.0.0.1:0"), Durability: d})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	ctx, stop := context.WithCancel(context.Background())
	in := &inside{Broker: b, dir: dir, stop: stop, done: make(chan error, 1)}
	go func() { in.done <- b.Run(ctx) }()
	return in, nil
}

// close stops the broker and removes its files.
func (in *inside) close() error {
	in.stop()
	err := errors.Join(<-in.done, os.RemoveAll(in.dir))
	settle()
	return err
}

// transports are the two ways to it.
func (in *inside) transports() map[string]dialer {
	return map[string]dialer{"in process": in.Dial, "loopback TCP": overTCP}
}

// page is the answer to a scrape.
type page struct {
	bytes.Buffer
	header http.Header
}

func (p *page) Header() http.Header { return p.header }
func (p *page) WriteHeader(int)     {}

// flushes is how often the journal was flushed since the start.
func (in *inside) flushes() (int, error) {
	req, err := http.NewRequest(http.MethodGet, "/metrics", nil)
	if err != nil {
		return 0, err
	}
	p := &page{header: http.Header{}}
	in.Metrics().ServeHTTP(p, req)
	return parseFlushes(p.String())
}

const flushCount = "kafka_log_log_flush_stats_log_flush_time_seconds_count "

func parseFlushes(text string) (int, error) {
	for l := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(l, flushCount); ok {
			f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
			return int(f), err
		}
	}
	return 0, fmt.Errorf("the broker's metrics lack %s", flushCount)
}
