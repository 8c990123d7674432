package settings

import (
	"net"
	"regexp"
	"strconv"
	"strings"
)

// Listener is one address of the REST server.
type Listener struct {
	Scheme string // http or https
	Host   string // empty: all interfaces
	Port   int    // 0: chosen by the system
}

// Addr returns what net.Listen takes.
func (l Listener) Addr() string { return net.JoinHostPort(l.Host, strconv.Itoa(l.Port)) }

func (l Listener) String() string { return l.Scheme + "://" + l.Addr() }

var listenerPattern = regexp.MustCompile(`^(.*)://\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)$`)

func (p *parser) listeners(key string, def []Listener) []Listener {
	texts := p.list(key)
	if len(texts) == 0 {
		return def
	}
	var out []Listener
	for _, t := range texts {
		m := listenerPattern.FindStringSubmatch(t)
		if m == nil {
			p.fail(key, "%q is not a listener: want scheme://host:port, for example http://:8083", t)
			continue
		}
		port, err := strconv.ParseUint(m[3], 10, 16)
		if err != nil {
			p.fail(key, "%q: want a port between 0 and 65535", t)
			continue
		}
		scheme := strings.ToLower(m[1])
		if scheme != "http" && scheme != "https" {
			p.fail(key, "%q: want the scheme http or https", t)
			continue
		}
		out = append(out, Listener{Scheme: scheme, Host: m[2], Port: int(port)})
	}
	return out
}
