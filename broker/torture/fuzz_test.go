package torture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/vfs"
)

// panics is a log handler that keeps what a request handler panicked with.
type panics struct{ found atomic.Pointer[string] }

func (p *panics) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }
func (p *panics) WithAttrs([]slog.Attr) slog.Handler           { return p }
func (p *panics) WithGroup(string) slog.Handler                { return p }
func (p *panics) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "panicked") {
		text := r.Message
		r.Attrs(func(a slog.Attr) bool {
			text += "\n" + a.String()
			return true
		})
		p.found.Store(&text)
	}
	return nil
}

func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// tagsBounded reports whether kmsg's decoder stops at the end of its input when it
// reads tags; if not, a damaged request keeps a core busy for a minute.
func tagsBounded() bool {
	begin := time.Now()
	body := []byte{0x80, 0x80, 0x80, 0x02} // 2^22 tags
	req := kmsg.NewPtrDescribeClusterRequest()
	req.SetVersion(0)
	_ = req.ReadFrom(append([]byte{0}, body...)) // refused in any case
	return time.Since(begin) < 5*time.Millisecond
}

// target is a broker that is replaced now and then, as inputs leave things behind.
type target struct {
	n      *node
	seen   panics
	inputs int
	calm   int // goroutines at the start
}

func (g *target) fresh() error {
	g.inputs++
	if g.n != nil && g.inputs%1000 != 0 {
		return nil
	}
	if err := g.stop(); err != nil {
		return err
	}
	n, err := startNode(vfs.NewMem(), slog.New(&g.seen), nil)
	if err != nil {
		return err
	}
	g.n = n
	_, err = stock(n)
	g.calm = runtime.NumGoroutine()
	return err
}

func (g *target) stop() error {
	if g.n == nil {
		return nil
	}
	done := make(chan error, 1)
	go func() { done <- g.n.stop() }()
	select {
	case err := <-done:
		return err
	case <-time.After(30 * time.Second):
		buf := make([]byte, 1<<20)
		return fmt.Errorf("the broker does not stop:\n%s", buf[:runtime.Stack(buf, true)])
	}
}

// throw sends a request and gives the broker a moment to answer.
func (g *target) throw(key, version int16, flexible bool, body []byte) (answer []byte, err error) {
	nc, err := g.n.dial(context.Background(), "", "")
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	if err := nc.SetDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		return nil, err
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = nc.Write(frame(key, version, flexible, body)) // the broker may refuse to read on
	}()
	answer, err = rawConn{nc}.receive()
	_ = nc.Close() // ends the write
	<-sent
	return answer, err
}

// alive asks for metadata on a connection of its own.
func (g *target) alive() error {
	nc, err := g.n.dial(context.Background(), "", "")
	if err != nil {
		return err
	}
	defer nc.Close()
	resp, err := rawConn{nc}.call(kmsg.NewPtrMetadataRequest(), 1, 10*time.Second)
	if err == nil && len(resp.(*kmsg.MetadataResponse).Brokers) != 1 {
		err = errors.New("metadata without the broker")
	}
	return err
}

// FuzzRequests sends requests of any key and version. Whatever they hold, no
// handler may panic, the memory used for one is bounded by a multiple of it, an
// answer can be decoded, and others are served.
//
// With a kmsg whose tag reader is not bounded, flexible versions are not mutated:
// the fuzzer finds nothing else then. See TestDamagedTags.
func FuzzRequests(f *testing.F) {
	g := &target{}
	if err := g.fresh(); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := g.stop(); err != nil {
			f.Error(err)
		}
	})
	offered, err := versions(g.n)
	if err != nil {
		f.Fatal(err)
	}
	bounded := tagsBounded()
	id := g.n.meta.Topic("t").ID
	valid := map[string]bool{}
	for key, span := range offered {
		for v := span[0]; v <= span[1]; v++ {
			body := filled(key, v, id).AppendTo(nil)
			valid[string(body)] = true
			f.Add(key, v, body)
		}
	}
	f.Fuzz(func(t *testing.T, key, version int16, body []byte) {
		req := kmsg.RequestForKey(key)
		if req == nil || len(body) > 64<<10 {
			t.Skip("nothing that the broker would decode")
		}
		req.SetVersion(version)
		if req.IsFlexible() && key != 0 && !bounded && !valid[string(body)] {
			t.Skip("kmsg reads tags without a bound")
		}
		if err := g.fresh(); err != nil {
			t.Fatal(err)
		}
		before := allocated()
		answer, err := g.throw(key, version, req.IsFlexible(), body)
		if used := allocated() - before; used > 64<<20 {
			t.Errorf("key %d version %d: %d bytes of input made the broker allocate %d", key, version, len(body), used)
		}
		if err == nil && !(key == 18 && version > 4) {
			resp := req.ResponseKind()
			resp.SetVersion(version)
			if err := decode(resp, answer); err != nil {
				t.Errorf("key %d version %d: the answer does not decode: %v", key, version, err)
			}
		} else if err != nil && !closed(err) {
			t.Errorf("key %d version %d: %v", key, version, err)
		}
		if p := g.seen.found.Swap(nil); p != nil {
			t.Errorf("key %d version %d: %s", key, version, *p)
		}
		if err := g.alive(); err != nil {
			t.Errorf("key %d version %d: afterwards: %v", key, version, err)
		}
	})
}

// closed are the ways in which a broker may refuse, or take its time.
func closed(err error) bool {
	var timeout net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) || errors.As(err, &timeout) && timeout.Timeout()
}
