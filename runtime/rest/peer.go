package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/store"
)

// A Peer sends internal requests to other workers. It implements distributed.Peer.
type Peer struct{ client *http.Client }

// NewPeer returns a Peer.
func NewPeer() *Peer { return &Peer{&http.Client{Timeout: 30 * time.Second}} }

// PutTaskConfigs posts a connector's task configurations to the leader.
func (p *Peer) PutTaskConfigs(ctx context.Context, leader, connector string, configs []map[string]string, key *store.SessionKey) error {
	body, err := json.Marshal(configs)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, leader+"connectors/"+url.PathEscape(connector)+"/tasks", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if key != nil {
		req.Header.Set(herder.SignatureHeader, herder.Sign(key.Key, body))
		req.Header.Set(herder.SignatureAlgorithmHeader, key.Algorithm)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("status %d: %s", resp.StatusCode, b)
	}
	return nil
}
