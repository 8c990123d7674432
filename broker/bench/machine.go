package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"github.com/kurier-io/kurier/broker"
)

const (
	producePart   = "Against the machine: acks=all with fsync against a loop of write and fdatasync with the same bytes for each flush"
	consumePart   = "Against the machine: consuming against copying the same files to a socket"
	transportPart = "The connection in memory against loopback TCP"
)

// againstMachine measures a broker in this process.
func (r *runner) againstMachine(ctx context.Context) error {
	for _, step := range []func(context.Context) error{r.durableProduce, r.fileCopy, r.transports} {
		if err := step(ctx); err != nil {
			if err := r.failed(ctx, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// durable is one row of durableProduce: how to send records of 1 KiB for a while, and what that has given.
type durable struct {
	what         string
	send         func(ctx context.Context, topic string, d time.Duration) (bytes int, took time.Duration, err error)
	rates, loops series // MB/s
	groups       series // bytes for each flush
}

func (r *runner) durableProduce(ctx context.Context) (err error) {
	in, err := openInside(r.dir, broker.DurabilityFsync)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	r.note("A ratio to the loop of write and fdatasync is the median of the rounds' ratios, as the device's speed varies from round to round.")
	for _, partitions := range []int{1, 32} {
		var rows []*durable
		for _, transport := range []string{"in process", "loopback TCP"} {
			dial, c := in.transports()[transport], cell{1024, partitions}
			rows = append(rows, &durable{what: fmt.Sprintf("franz-go producer, %s, %s", transport, c), send: franzSender(in, dial)},
				&durable{what: fmt.Sprintf("requests made beforehand, batches of 64 KiB, %s, %s", transport, c), send: rawSender(in, dial, partitions)})
		}
		for round := range r.cfg.rounds {
			r.show("write and fdatasync, %s, round %d of %d", plural(partitions), round+1, r.cfg.rounds)
			for i, row := range rows {
				topic := fmt.Sprintf("durable-%d-%d-%d", partitions, round, i)
				if err := (franz{in.Addr(), in.Dial}).create(ctx, topic, partitions); err != nil {
					return err
				}
				if err := r.durableRound(ctx, in, row, topic); err != nil {
					return fmt.Errorf("%s: %w", row.what, err)
				}
			}
		}
		for _, row := range rows {
			r.add(line{Part: producePart, What: row.what, Unit: "MB/s", Better: higher, Aim: 0.8, Paired: true, Kurier: row.rates, Baseline: row.loops,
				Yardstick: fmt.Sprintf("write+fdatasync of %s KiB", grouped(float64(int(row.groups.median())>>10)))})
		}
	}
	return nil
}

// durableRound measures a sender between two halves of the loop, as a device is not equally fast at all times.
func (r *runner) durableRound(ctx context.Context, in *inside, row *durable, topic string) error {
	group := 0
	send := func(d time.Duration) (float64, error) {
		before, err := in.flushes()
		if err != nil {
			return 0, err
		}
		bytes, took, err := row.send(ctx, topic, d)
		if err != nil {
			return 0, err
		}
		after, err := in.flushes()
		group = bytes / max(after-before, 1)
		return float64(bytes) / 1e6 / took.Seconds(), err
	}
	if _, err := send(r.cfg.pace(400 * time.Millisecond)); err != nil { // a warm-up that tells the size
		return err
	}
	first, err := datasyncLoop(ctx, r.dir, group, r.cfg.pace(600*time.Millisecond))
	if err != nil {
		return err
	}
	rate, err := send(r.cfg.pace(1200 * time.Millisecond))
	if err != nil {
		return err
	}
	second, err := datasyncLoop(ctx, r.dir, group, r.cfg.pace(600*time.Millisecond))
	if err != nil {
		return err
	}
	row.rates = append(row.rates, rate)
	row.loops, row.groups = append(row.loops, (first+second)/2), append(row.groups, float64(group))
	return nil
}

func franzSender(in *inside, dial dialer) func(context.Context, string, time.Duration) (int, time.Duration, error) {
	return func(ctx context.Context, topic string, d time.Duration) (int, time.Duration, error) {
		n, took, err := franz{in.Addr(), dial}.produce(ctx, topic, 1024, d, 1<<30)
		return n * 1024, took, err
	}
}

func rawSender(in *inside, dial dialer, partitions int) func(context.Context, string, time.Duration) (int, time.Duration, error) {
	batch := batchOf(64, 1024)
	return func(ctx context.Context, topic string, d time.Duration) (int, time.Duration, error) {
		n, took, err := pumps(ctx, dial, in.Addr(), produceFrames(topic, partitions, batch), 1, 32, d)
		return n * 64 * 1024, took, err
	}
}

// datasyncLoop appends so many bytes to a file and flushes them, again and again, and returns MB/s.
func datasyncLoop(ctx context.Context, dir string, group int, d time.Duration) (_ float64, err error) {
	f, err := os.CreateTemp(dir, "loop-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	buf := payload(group)
	begin, total := time.Now(), 0
	for time.Since(begin) < d {
		if err := context.Cause(ctx); err != nil {
			return 0, err
		}
		if _, err := f.Write(buf); err != nil {
			return 0, err
		}
		if err := datasync(f); err != nil {
			return 0, err
		}
		total += group
	}
	return float64(total) / 1e6 / time.Since(begin).Seconds(), nil
}

// fileCopy compares consumers with a copy of the segments themselves.
func (r *runner) fileCopy(ctx context.Context) (err error) {
	in, err := openInside(r.dir, broker.DurabilityOS)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	const topic, partitions, perBatch = "copied", 8, 64
	size := 512 << 20
	if r.cfg.quick {
		size /= 2
	}
	if err := fill(ctx, in, topic, partitions, size); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(in.dir, topic+"-*", "*.log"))
	if err != nil || len(files) < partitions {
		return fmt.Errorf("there are %d segments of topic %s: %w", len(files), topic, err)
	}
	end := int64(size / partitions / (perBatch * 1024) * perBatch)
	var raw, client, copied series
	for round := range r.cfg.rounds + 1 {
		r.show("file to socket, round %d of %d", round, r.cfg.rounds)
		rates := []float64{}
		for _, f := range []func() (int64, error){
			func() (int64, error) { return drainTopic(ctx, in, overTCP, topic, partitions, end) },
			func() (int64, error) {
				_, err := franz{in.Addr(), overTCP}.consume(ctx, topic, int(end)*partitions)
				return end * partitions * 1024, err
			},
			func() (int64, error) { return copyFiles(ctx, files) },
		} {
			begin := time.Now()
			n, err := f()
			if err != nil {
				return err
			}
			rates = append(rates, float64(n)/1e6/time.Since(begin).Seconds())
		}
		if round > 0 { // the first is a warm-up
			raw, client, copied = append(raw, rates[0]), append(client, rates[1]), append(copied, rates[2])
		}
	}
	l := line{Part: consumePart, What: "fetches whose records nobody looks at, loopback TCP, 8 partitions of 1 KiB records", Unit: "MB/s", Better: higher, Aim: 0.8,
		Kurier: raw, Baseline: copied, Yardstick: "file to socket, loopback TCP"}
	r.add(l)
	l.What, l.Kurier = "franz-go consumer, loopback TCP, 8 partitions of 1 KiB records", client
	r.add(l)
	return nil
}

// fill writes size bytes of 1 KiB records in batches of 64, evenly to all partitions of a new topic.
func fill(ctx context.Context, in *inside, topic string, partitions, size int) error {
	if err := (franz{in.Addr(), in.Dial}).create(ctx, topic, partitions); err != nil {
		return err
	}
	w, err := connect(ctx, in.Dial, in.Addr())
	if err != nil {
		return err
	}
	defer w.close()
	_, err = w.pump(produceFrames(topic, partitions, batchOf(64, 1024)), 32, func(sent int) bool { return sent >= size/(64*1024) })
	return err
}

func drainTopic(ctx context.Context, in *inside, dial dialer, topic string, partitions int, end int64) (int64, error) {
	w, err := connect(ctx, dial, in.Addr())
	if err != nil {
		return 0, err
	}
	defer w.close()
	return w.drain(topic, partitions, end)
}

// copyFiles sends files over a TCP connection on loopback to a reader that throws them away, by io.Copy and so by sendfile where there is one.
func copyFiles(ctx context.Context, files []string) (int64, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	var g errgroup.Group
	total := int64(0)
	g.Go(func() (err error) {
		c, err := l.Accept()
		if err = errors.Join(err, l.Close()); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.Close()) }()
		for _, name := range files {
			if err := sendFile(c, name); err != nil {
				return err
			}
		}
		return nil
	})
	g.Go(func() (err error) {
		c, err := overTCP(ctx, "tcp", l.Addr().String())
		if err != nil {
			return errors.Join(err, l.Close())
		}
		defer func() { err = errors.Join(err, c.Close()) }()
		buf := make([]byte, 1<<20)
		for {
			n, err := c.Read(buf)
			total += int64(n)
			if err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	})
	err = g.Wait()
	return total, err
}

func sendFile(c net.Conn, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(c, f)
	return errors.Join(err, f.Close())
}

// transports compares the two ways to the same broker, which leaves flushing to the system so that the device has no part in it.
func (r *runner) transports(ctx context.Context) (err error) {
	in, err := openInside(r.dir, broker.DurabilityOS)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	const topic, partitions = "transport", 8
	size := 256 << 20
	if err := fill(ctx, in, topic, partitions, size); err != nil {
		return err
	}
	end := int64(size / partitions / 1024)
	trips, fetches, produces := map[string]series{}, map[string]series{}, map[string]series{}
	for round := range r.cfg.rounds + 1 {
		r.show("in process and loopback TCP, round %d of %d", round, r.cfg.rounds)
		for name, dial := range in.transports() {
			trip, err := roundTrip(ctx, in, dial, r.cfg.pace(500*time.Millisecond))
			if err != nil {
				return err
			}
			begin := time.Now()
			n, err := drainTopic(ctx, in, dial, topic, partitions, end)
			if err != nil {
				return err
			}
			fetch := float64(n) / 1e6 / time.Since(begin).Seconds()
			sent, took, err := rawSender(in, dial, partitions)(ctx, topic, r.cfg.pace(500*time.Millisecond))
			if err != nil {
				return err
			}
			if round == 0 { // a warm-up
				continue
			}
			trips[name] = append(trips[name], trip)
			fetches[name] = append(fetches[name], fetch)
			produces[name] = append(produces[name], float64(sent)/1e6/took.Seconds())
		}
	}
	row := func(what, unit string, better direction, got map[string]series) {
		r.add(line{Part: transportPart, What: what, Unit: unit, Better: better, Aim: 2, Kurier: got["in process"], Baseline: got["loopback TCP"], Yardstick: "loopback TCP"})
	}
	row("round trip of ApiVersions, median", "µs", lower, trips)
	row("fetching, 8 partitions of 1 KiB records", "MB/s", higher, fetches)
	row("producing batches of 64 KiB made beforehand, kurier.durability=os", "MB/s", higher, produces)
	return nil
}

// roundTrip is the median time of a small request, in microseconds.
func roundTrip(ctx context.Context, in *inside, dial dialer, d time.Duration) (float64, error) {
	w, err := connect(ctx, dial, in.Addr())
	if err != nil {
		return 0, err
	}
	defer w.close()
	frame := w.form.AppendRequest(nil, kmsg.NewPtrApiVersionsRequest(), 1)
	var took []time.Duration
	for begin := time.Now(); time.Since(begin) < d; {
		sent := time.Now()
		if _, err := w.c.Write(frame); err != nil {
			return 0, err
		}
		if _, err := w.receive(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(sent))
	}
	slices.Sort(took)
	return float64(quantile(took, 0.5).Nanoseconds()) / 1000, nil
}
