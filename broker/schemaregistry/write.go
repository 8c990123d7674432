package schemaregistry

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Writes of one registry come one after the other: decide on what is known, append, wait until the own reader has
// applied it, answer. Memory changes by what is read from the topic alone, so a write that failed or got lost on the way
// leaves no trace in it; the next one first finds out what became of it.
//
// Nothing keeps another registry from writing to the same topic. Both apply the same records in the same order, so both
// end with the same state; what they can do to each other is to choose the same id or the same version. The one whose
// record comes second notices when it applies it, takes it back, and tries again:
//   - the same id for two contents: it removes its version and takes a greater id. Until then GET by id gives the first.
//   - the same version for two contents: it writes the first one's record again and takes the next version. Until then
//     readers see its own; should it die before, it stays, and the other schema is gone with its version.
// Two changes of one setting: the later one holds. Deletions and registrations: each as it was decided, in the topic's order.

// maxTries bounds how often a registration starts again because of another registry.
const maxTries = 10

// firstPause bounds the random pause before the first new start; each further one may be twice as long.
const firstPause = 5 * time.Millisecond

// writer gives one goroutine at a time the right to decide.
type writer struct {
	topic     *topic
	turn      chan struct{}
	uncertain bool // the last write failed, its record may yet come
}

func newWriter(t *topic) *writer { return &writer{topic: t, turn: make(chan struct{}, 1)} }

// lock waits for the turn and makes sure that everything written before is known.
func (w *writer) lock(ctx context.Context) *Error {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return errTimeout()
	}
	if !w.uncertain {
		return nil
	}
	if _, err := w.topic.write(ctx, noopRecord()); err != nil {
		w.unlock()
		return w.failure(err)
	}
	w.uncertain = false
	return nil
}

func (w *writer) unlock() { <-w.turn }

// write appends while the turn is held.
func (w *writer) write(ctx context.Context, records []record) ([]int64, *Error) {
	if len(records) == 0 {
		return nil, nil
	}
	offsets, err := w.topic.write(ctx, records...)
	if err != nil {
		w.uncertain = true
		return nil, w.failure(err)
	}
	return offsets, nil
}

func (w *writer) failure(err error) *Error {
	switch {
	case errors.Is(err, kerr.MessageTooLarge):
		return errorf(42209, "Schema is too large for topic %s: raise its max.message.bytes, or split the schema with references", w.topic.name)
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, kgo.ErrRecordTimeout):
		return errTimeout()
	}
	return errStore(err)
}

// change decides and writes.
func (r *Registry) change(ctx context.Context, decide func(*state) ([]record, *Error)) *Error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if fail := r.writer.lock(ctx); fail != nil {
		return fail
	}
	defer r.writer.unlock()
	records, fail := decide(r.state)
	if fail != nil {
		return fail
	}
	_, fail = r.writer.write(ctx, records)
	return fail
}

// register registers a schema. What is registered already needs no turn.
func (r *Registry) register(ctx context.Context, subject string, req schemaRequest, normalize bool) (*version, *Error) {
	found, _, fail := register(r.state, r.parser, subject, req, normalize, r.level)
	if fail != nil || found != nil {
		return found, fail
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if fail := r.writer.lock(ctx); fail != nil {
		return nil, fail
	}
	defer r.writer.unlock()
	for try := range maxTries {
		found, made, fail := register(r.state, r.parser, subject, req, normalize, r.level)
		if fail != nil || found != nil {
			return found, fail
		}
		offsets, fail := r.writer.write(ctx, []record{schemaRecord(made)})
		if fail != nil {
			return nil, fail
		}
		ours, repair := settled(r.state, made, offsets[0])
		if ours != nil {
			return ours, nil
		}
		r.log.Warn("another registry took the same version or id, trying again", "subject", subject, "version", made.number, "id", made.id)
		if _, fail := r.writer.write(ctx, repair); fail != nil {
			return nil, fail
		}
		select {
		case <-time.After(rand.N(firstPause << try)): // the two must not go on in step
		case <-ctx.Done():
			return nil, errTimeout()
		}
	}
	return nil, errStore(fmt.Errorf("another registry was faster %d times: run one registry on topic %s", maxTries, r.writer.topic.name))
}

// settled looks at what became of a version that was written at offset: it is there as it was meant, or these records
// take it back.
func settled(s *state, made *version, offset int64) (ours *version, repair []record) {
	there := pick(s.versions(made.subject), made.number, true)
	if there == nil || there.offset != offset {
		if there != nil && there.content.key == made.content.key && there.id == made.id {
			return there, nil
		}
		return nil, nil // another one wrote over it, and is to repair that
	}
	if there.replaced != nil {
		return nil, []record{schemaRecord(there.replaced)}
	}
	name, _ := splitName(made.subject)
	if c, _, _ := s.byID(name, made.id); c.key != made.content.key {
		return nil, []record{removeVersionRecord(made.subject, made.number)}
	}
	return there, nil
}
