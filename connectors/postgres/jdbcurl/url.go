// Package jdbcurl reads the JDBC URLs that Kafka Connect configurations hold and turns them into pgx settings, so that people keep
// the URL they have: https://jdbc.postgresql.org/documentation/use/ is the reference for grammar and properties.
package jdbcurl

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Prefix starts every URL that [Parse] takes.
const Prefix = "jdbc:postgresql:"

// A Host is one server of a URL.
type Host struct {
	Name string // without the brackets of an IPv6 address
	Port uint16
}

// A URL is a parsed JDBC URL. It may hold a password (property "password"), so it has no String method.
type URL struct {
	Hosts    []Host            // at least one
	Database string            // "" means: named like the user
	Props    map[string]string // driver properties, decoded
}

const (
	defaultHost = "localhost"
	defaultPort = 5432
)

// Parse reads jdbc:postgresql://host[:port][,host2[:port2]…]/[db][?k=v&…], jdbc:postgresql:db and jdbc:postgresql:/. Its errors never
// repeat the URL, which may hold a password.
func Parse(raw string) (*URL, error) {
	raw = strings.TrimSpace(raw)
	rest, ok := strings.CutPrefix(raw, Prefix)
	if !ok {
		return nil, wrongScheme(raw)
	}
	u := &URL{Props: map[string]string{}}
	rest, query, _ := strings.Cut(rest, "?")
	db := rest
	switch {
	case strings.HasPrefix(rest, "//"):
		var hosts string
		hosts, db, _ = strings.Cut(rest[2:], "/")
		if err := u.parseHosts(hosts); err != nil {
			return nil, err
		}
	case strings.HasPrefix(rest, "/"):
		db = rest[1:]
		if db != "" {
			return nil, errors.New("a database name after a single slash: write jdbc:postgresql://host:port/database")
		}
	}
	if len(u.Hosts) == 0 {
		u.Hosts = []Host{{defaultHost, defaultPort}}
	}
	var err error
	if u.Database, err = url.PathUnescape(db); err != nil {
		return nil, errors.New("the database name has a malformed %-escape")
	}
	if strings.ContainsRune(u.Database, '/') && !strings.Contains(strings.ToLower(db), "%2f") {
		return nil, errors.New("the database name holds a slash: write it as %2F, or remove what follows the database")
	}
	return u, u.parseQuery(query)
}

func wrongScheme(raw string) error {
	parts := strings.SplitN(raw, ":", 3)
	switch {
	case raw == "":
		return errors.New("is empty: write jdbc:postgresql://host:5432/database")
	case parts[0] == "jdbc" && len(parts) == 3 && wordOnly(parts[1]):
		return fmt.Errorf("is for the database %q: this connector talks to PostgreSQL only, write jdbc:postgresql://host:5432/database", parts[1])
	case parts[0] == "postgres" || parts[0] == "postgresql":
		return errors.New("is a libpq URL: write it as jdbc:postgresql://host:5432/database and put user and password into connection.user and connection.password")
	}
	return errors.New("is not a JDBC URL: write jdbc:postgresql://host:5432/database")
}

func wordOnly(s string) bool {
	for _, c := range s {
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

func (u *URL) parseHosts(list string) error {
	if list == "" {
		return nil
	}
	for part := range strings.SplitSeq(list, ",") {
		if strings.ContainsRune(part, '@') {
			return errors.New("holds credentials before the host: move them into connection.user and connection.password")
		}
		h, err := parseHost(part)
		if err != nil {
			return err
		}
		u.Hosts = append(u.Hosts, h)
	}
	return nil
}

func parseHost(part string) (Host, error) {
	name, port := part, ""
	if strings.HasPrefix(part, "[") {
		end := strings.IndexByte(part, ']')
		if end < 0 {
			return Host{}, errors.New("an IPv6 address lacks its closing bracket")
		}
		name, port = part[1:end], part[end+1:]
		if port != "" && port[0] != ':' {
			return Host{}, errors.New("unexpected text behind an IPv6 address: write [address]:port")
		}
		port = strings.TrimPrefix(port, ":")
	} else if i := strings.LastIndexByte(part, ':'); i >= 0 {
		name, port = part[:i], part[i+1:]
		if strings.ContainsRune(name, ':') {
			return Host{}, errors.New("an IPv6 address needs brackets: write [address]:port")
		}
		if port == "" {
			return Host{}, errors.New("a port is missing behind the colon")
		}
	}
	h := Host{Name: name, Port: defaultPort}
	if h.Name == "" {
		h.Name = defaultHost
	}
	if strings.ContainsAny(h.Name, " \x00") {
		return Host{}, errors.New("a host name holds a blank")
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return Host{}, fmt.Errorf("port %q is not a number from 1 to 65535", port)
		}
		h.Port = uint16(n)
	}
	return h, nil
}

func (u *URL) parseQuery(query string) error {
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		k, v, _ := strings.Cut(part, "=")
		key, err := url.PathUnescape(k)
		if err != nil || strings.ContainsRune(key, 0) {
			return errors.New("a property name has a malformed %-escape")
		}
		val, err := url.QueryUnescape(v)
		if err != nil || strings.ContainsRune(val, 0) {
			return fmt.Errorf("property %q has a malformed %%-escape", key)
		}
		u.Props[key] = val
	}
	return nil
}
