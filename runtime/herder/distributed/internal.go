package distributed

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/membership"
	"github.com/kurier-io/kurier/runtime/store"
)

// keyDue reports whether there is no session key, or the one there is has lived its time.
func (h *Herder) keyDue(s *store.ConfigState) bool {
	ttl := h.Settings.Group.KeyTTL
	k := s.SessionKey
	return k == nil || k.Algorithm != herder.KeyAlgorithm || ttl > 0 && time.Since(k.Created) >= ttl
}

// keepKeyYoung rotates the session key on the leader, away from Run's goroutine.
func (h *Herder) keepKeyYoung(ctx context.Context) {
	if s := h.configs.Snapshot(); h.group.Generation().IsLeader() && h.keyDue(s) && !h.rotating.Swap(true) {
		h.background.Go(func() {
			defer h.rotating.Store(false)
			writing, cancel := context.WithTimeout(ctx, 30*time.Second)
			defer cancel()
			h.rotateKey(writing, s)
		})
	}
}

// rotateKey writes a new session key when one is due.
func (h *Herder) rotateKey(ctx context.Context, s *store.ConfigState) {
	if h.group.Generation().Protocol < membership.Sessioned || !h.keyDue(s) {
		return
	}
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails, see crypto/rand
	if err := h.configs.PutSessionKey(ctx, store.SessionKey{Key: key, Algorithm: herder.KeyAlgorithm, Created: time.Now()}); err != nil {
		h.Logger.Warn("a new session key could not be written", "err", err)
	}
}

// PutTaskConfigs implements herder.Internal.
func (h *Herder) PutTaskConfigs(ctx context.Context, connector string, body []byte, signature, algorithm string) error {
	if h.group.Generation().Protocol >= membership.Sessioned {
		if err := h.checkSignature(body, signature, algorithm); err != nil {
			return err
		}
	}
	var configs []map[string]string
	if err := json.Unmarshal(body, &configs); err != nil {
		return &herder.BadRequestError{Msg: fmt.Sprintf("task configurations: %v", err)}
	}
	if err := h.mustLead(ctx); err != nil {
		return err
	}
	s, _, err := h.connectorConfig(connector)
	if err != nil {
		return err
	}
	if s.TargetState(connector) == store.Stopped && len(configs) > 0 {
		return &herder.BadRequestError{Msg: "Cannot submit non-empty set of task configs for stopped connector " + connector}
	}
	return h.configs.PutTaskConfigs(ctx, connector, configs)
}

func (h *Herder) checkSignature(body []byte, signature, algorithm string) error {
	if signature == "" {
		return &herder.BadRequestError{Msg: "Internal request missing required signature"}
	}
	if !slices.Contains(h.Settings.Group.VerificationAlgorithm, algorithm) || algorithm != herder.KeyAlgorithm {
		return &herder.BadRequestError{Msg: "This worker does not support the '" + algorithm + "' key signing algorithm used by other workers. " +
			"This worker is currently configured to use: " + fmt.Sprint(h.Settings.Group.VerificationAlgorithm)}
	}
	key := h.configs.Snapshot().SessionKey
	if key == nil {
		return &herder.UnavailableError{Msg: "This worker has no session key yet; try again"}
	}
	if !hmac.Equal([]byte(herder.Sign(key.Key, body)), []byte(signature)) {
		return &herder.ForbiddenError{Msg: "Internal request contained invalid signature."}
	}
	return nil
}
