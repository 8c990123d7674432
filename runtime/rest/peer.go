package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/store"
)

const peerTimeout = 30 * time.Second

// A Peer sends internal requests to other workers. It implements distributed.Peer and is safe for concurrent use.
type Peer struct{ client *http.Client }

// NewPeer returns a Peer.
func NewPeer() *Peer { return &Peer{workerClient(peerTimeout)} }

// PutTaskConfigs posts a connector's task configurations to the leader, whose URL ends in a slash; a nil key leaves the request unsigned.
// The error has the leader's own message.
func (p *Peer) PutTaskConfigs(ctx context.Context, leader, connector string, configs []map[string]string, key *store.SessionKey) error {
	if configs == nil {
		configs = []map[string]string{}
	}
	body, err := json.Marshal(configs)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, leader+"connectors/"+url.PathEscape(connector)+"/tasks", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Accept", jsonType)
	req.Header.Set("User-Agent", "kafka-connect")
	req.Header.Set("Content-Type", jsonType)
	if key != nil {
		req.Header.Set(herder.SignatureHeader, herder.Sign(key.Key, body))
		req.Header.Set(herder.SignatureAlgorithmHeader, key.Algorithm)
	}
	resp, answer, err := do(p.client, req)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		var e errorBody
		_ = json.Unmarshal(answer, &e) // anything but Connect's error leaves the message empty
		return fmt.Errorf("the leader at %s refused task configurations of %s with status %d: %s", leader, connector, resp.StatusCode, e.Message)
	}
	return nil
}
