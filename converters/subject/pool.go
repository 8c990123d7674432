package subject

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kurier-io/kurier/plugins/config/ssl"
	"github.com/kurier-io/kurier/plugins/connect"
)

// A Pool shares connections and caches between the clients of a worker. It is safe for concurrent use.
type Pool struct {
	mu     sync.Mutex
	shared map[string]*shared
	closed bool
}

// NewPool returns a pool; its owner closes it after the last client.
func NewPool() *Pool { return &Pool{shared: map[string]*shared{}} }

// Close ends all requests and waits for them.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, s := range p.shared {
		s.flights.close()
		s.http.CloseIdleConnections()
	}
	clear(p.shared)
}

// shared is what clients with the same settings have in common.
type shared struct {
	caller
	flights *flights
	users   int

	written   *memo[lookup, Registered]
	versions  *memo[lookup, int]
	latest    *memo[string, dated]
	byID      *memo[fetch, Registered]
	byVersion *memo[Reference, Schema]
}

// A lookup is a schema in a subject.
type lookup struct{ subject, kind, text, references string }

// A fetch is an id, and the subject whose context it belongs to.
type fetch struct {
	id      ID
	subject string
}

// A dated answer grows old.
type dated struct {
	Registered
	at time.Time
}

// sslPrefix is what the keys of the registry's TLS begin with.
const sslPrefix = "schema.registry.ssl."

// Open returns a client for one converter. props are the converter's settings as they were configured, for the keys under
// schema.registry.ssl.
func (p *Pool) Open(s Settings, props map[string]string, isKey bool) (*Client, error) {
	key, class := "value.subject.name.strategy", s.ValueStrategy
	if isKey {
		key, class = "key.subject.name.strategy", s.KeyStrategy
	}
	named, err := parseStrategy(key, class)
	if err != nil {
		return nil, err
	}
	place, err := s.placement(isKey)
	if err != nil {
		return nil, err
	}
	bases, user, err := s.bases()
	if err != nil {
		return nil, err
	}
	secure, problems := ssl.Client(props, sslPrefix)
	for _, problem := range problems {
		return nil, connect.ConfigErr(problem.Key, problem.Fix, "")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errors.New("the worker is stopping")
	}
	name := identity(s, props)
	sh := p.shared[name]
	if sh == nil {
		sh = newShared(s, bases, user, secure)
		p.shared[name] = sh
	}
	sh.users++
	ctx, stop := context.WithCancelCause(context.Background())
	return &Client{shared: sh, pool: p, name: name, strategy: named, place: place, strategyKey: key, class: class, isKey: isKey, ctx: ctx, stop: stop}, nil
}

// identity tells settings apart that must not share a client. It holds secrets and stays in memory.
func identity(s Settings, props map[string]string) string {
	var b strings.Builder
	s.KeyStrategy, s.ValueStrategy, s.KeySerializer, s.ValueSerializer, s.KeyReader, s.ValueReader = "", "", "", "", "", ""
	fmt.Fprintf(&b, "%#v %q %q %q\n", s, s.BasicUserInfo.Reveal(), s.OldUserInfo.Reveal(), s.BearerToken.Reveal())
	for _, k := range slices.Sorted(maps.Keys(props)) {
		if strings.HasPrefix(k, sslPrefix) {
			fmt.Fprintf(&b, "%s=%q\n", k, props[k])
		}
	}
	return b.String()
}

func newShared(s Settings, bases []*url.URL, user *url.Userinfo, secure *tls.Config) *shared {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: s.ConnectTimeout}).DialContext, TLSClientConfig: secure,
		TLSHandshakeTimeout: s.ConnectTimeout, ResponseHeaderTimeout: s.ReadTimeout, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute,
		ForceAttemptHTTP2: true,
	}
	return &shared{
		caller:   caller{http: &http.Client{Transport: transport}, bases: bases, user: user, token: s.BearerToken.Reveal(), s: s},
		flights:  newFlights(),
		written:  newMemo[lookup, Registered](s.MaxSchemas),
		versions: newMemo[lookup, int](s.MaxSchemas), latest: newMemo[string, dated](s.LatestCacheSize),
		byID: newMemo[fetch, Registered](s.MaxSchemas), byVersion: newMemo[Reference, Schema](s.MaxSchemas),
	}
}

// release is called by a client that closes.
func (p *Pool) release(name string) {
	p.mu.Lock()
	sh := p.shared[name]
	last := false
	if sh != nil {
		sh.users--
		if last = sh.users == 0; last {
			delete(p.shared, name)
		}
	}
	p.mu.Unlock()
	if last {
		sh.flights.close()
		sh.http.CloseIdleConnections()
	}
}

func referencesKey(rs []Reference) string {
	rs = slices.Clone(rs)
	slices.SortFunc(rs, func(a, b Reference) int { return cmp.Compare(a.Name, b.Name) })
	b, _ := json.Marshal(rs) // strings and a number
	return string(b)
}
