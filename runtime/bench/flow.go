package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A stand is a `kurier dev` for one part, with a client to look into its topics. What it runs is watched for its memory.
type stand struct {
	*dev
	r      *runner
	client *kgo.Client
	admin  *kadm.Client
	peaks  *peaks
}

func (r *runner) newStand(ctx context.Context) (*stand, error) {
	d, err := r.startDev(ctx)
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(d.kafka))
	if err != nil {
		return nil, errors.Join(err, d.stop())
	}
	return &stand{dev: d, r: r, client: client, admin: kadm.NewClient(client), peaks: watchMemory(d.pid)}, nil
}

// close stops the worker and adds what it and its plugins took at the most.
func (s *stand) close(part string, err error) error {
	most := s.peaks.end()
	s.client.Close()
	if err != nil {
		return errors.Join(s.failure(err), s.stop())
	}
	s.r.addPeaks(part, most)
	return s.stop()
}

// topic makes a topic of one partition, so that its records have one order.
func (s *stand) topic(ctx context.Context, name string) error {
	_, err := s.admin.CreateTopic(ctx, 1, 1, nil, name)
	return err
}

// drop deletes a topic, so that rounds do not add up on the disk.
func (s *stand) drop(ctx context.Context, name string) error {
	_, err := s.admin.DeleteTopic(ctx, name)
	return err
}

// records is how many records the topic has.
func (s *stand) records(ctx context.Context, topic string) (int, error) {
	ends, err := s.admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return 0, err
	}
	n := 0
	ends.Each(func(o kadm.ListedOffset) {
		err = errors.Join(err, o.Err)
		n += int(o.Offset)
	})
	return n, err
}

const (
	lookEvery  = 5 * time.Millisecond // how closely the end of a measurement is seen
	checkEvery = time.Second          // between two looks at the connector's status
	stalled    = time.Minute          // without any progress
)

// A finish is when a connector had moved its first and its last record, from the moment before it was posted.
type finish struct{ first, last time.Duration }

// run posts a connector and waits until count has reached want, and deletes the connector.
func (s *stand) run(ctx context.Context, name string, config map[string]string, want int, count func(context.Context) (int, error)) (f finish, err error) {
	began := time.Now()
	if err := s.create(ctx, name, config); err != nil {
		return f, err
	}
	looked, moved, before := began, began, 0
	for {
		n, err := count(ctx)
		if err != nil {
			return f, err
		}
		now := time.Now()
		if n > 0 && f.first == 0 {
			f.first = now.Sub(began)
		}
		if n >= want {
			f.last = now.Sub(began)
			return f, s.delete(ctx, name)
		}
		s.r.show.at(n, want)
		if n != before {
			before, moved = n, now
		}
		if now.Sub(looked) > checkEvery {
			looked = now
			if err := s.check(ctx, name); err != nil {
				return f, err
			}
		}
		if now.Sub(moved) > stalled {
			return f, fmt.Errorf("connector %s stands at %d of %d since %v", name, n, want, stalled)
		}
		select {
		case <-ctx.Done():
			return f, context.Cause(ctx)
		case <-time.After(lookEvery):
		}
	}
}

func (f finish) rate(n int) float64 { return float64(n) / f.last.Seconds() }
