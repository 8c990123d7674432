package distributed

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	if h.group.Generation().IsLeader() && h.signs() && h.keyDue(h.configs.Snapshot()) && !h.rotating.Load() {
		h.background.Go(func() {
			writing, cancel := context.WithTimeout(ctx, leadTimeout)
			defer cancel()
			h.rotateKey(writing)
		})
	}
}

// signs reports whether requests between workers are signed.
func (h *Herder) signs() bool { return h.group.Generation().Protocol >= membership.Sessioned }

// rotateKey writes a new session key when one is due and nobody else does.
func (h *Herder) rotateKey(ctx context.Context) {
	if !h.signs() || h.rotating.Swap(true) {
		return
	}
	defer h.rotating.Store(false)
	if !h.keyDue(h.configs.Snapshot()) {
		return
	}
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails, see crypto/rand
	if err := h.configs.PutSessionKey(ctx, store.SessionKey{Key: key, Algorithm: herder.KeyAlgorithm, Created: time.Now()}); err != nil {
		h.Logger.Warn("a new session key could not be written", "err", err)
	}
}

// errStandalone is Kafka Connect's text.
var errStandalone = errors.New("Kafka Connect in standalone mode does not support externally setting task configurations.") // as above

// PutTaskConfigs implements herder.Internal.
func (h *Herder) PutTaskConfigs(ctx context.Context, connector string, body []byte, signature, algorithm string) error {
	if !h.Settings.Distributed {
		return errStandalone
	}
	var configs []map[string]string
	if err := json.Unmarshal(body, &configs); err != nil || configs == nil || slices.ContainsFunc(configs, func(c map[string]string) bool { return c == nil }) {
		return &herder.BadRequestError{Msg: "The request body must be an array of task configurations, each an object whose values are strings"}
	}
	if h.signs() {
		if err := h.checkSignature(body, signature, algorithm); err != nil {
			return err
		}
	}
	return h.commitTasks(ctx, connector, configs)
}

// checkSignature compares raw bytes, in constant time. The texts are Kafka Connect's.
func (h *Herder) checkSignature(body []byte, signature, algorithm string) error {
	if signature == "" || algorithm == "" {
		return &herder.BadRequestError{Msg: "Internal request missing required signature"}
	}
	sent, err := decodeSignature(signature)
	if err != nil {
		return err
	}
	allowed := h.Settings.Group.VerificationAlgorithm
	switch {
	case !slices.Contains(algorithms, algorithm):
		return &herder.BadRequestError{Msg: "Algorithm " + algorithm + " not available"}
	case !slices.Contains(allowed, algorithm) || algorithm != herder.KeyAlgorithm:
		return &herder.BadRequestError{Msg: "This worker does not support the '" + algorithm + "' key signing algorithm used by other workers. " +
			"This worker is currently configured to use: [" + strings.Join(allowed, ", ") + "]. Check that all workers' configuration files permit the same set of " +
			"signature algorithms, and correct any misconfigured worker and restart it."}
	}
	key := h.configs.Snapshot().SessionKey
	if key == nil {
		return &herder.UnavailableError{Msg: "This worker is still starting up and has not been able to read a session key from the config topic yet"}
	}
	want, err := base64.StdEncoding.DecodeString(herder.Sign(key.Key, body))
	if err != nil || !hmac.Equal(want, sent) {
		return &herder.ForbiddenError{Msg: "Internal request contained invalid signature."}
	}
	return nil
}

// algorithms are those that every Java has; one among them is told apart from a misspelt one.
var algorithms = []string{"HmacMD5", "HmacSHA1", "HmacSHA224", "HmacSHA256", "HmacSHA384", "HmacSHA512"}

// decodeSignature takes base64 as Java does, padded or not.
func decodeSignature(text string) ([]byte, error) {
	sent, err := base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
	if at, ok := errors.AsType[base64.CorruptInputError](err); ok {
		if int(at) < len(text) && !strings.Contains(base64Alphabet, text[at:at+1]) {
			return nil, &herder.BadRequestError{Msg: fmt.Sprintf("Illegal base64 character %x", text[at])}
		}
		return nil, &herder.BadRequestError{Msg: "Input byte[] should at least have 2 bytes for base64 bytes"}
	}
	return sent, err
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
