package jdbcurl

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Settings is what a connector adds to its URL.
type Settings struct {
	User, Password *string           // nil: what the URL says
	Props          map[string]string // driver properties that the URL does not set (connection.* keys)
	AppName        string            // application_name unless the property ApplicationName is set
}

// A PropError says which driver property is wrong.
type PropError struct{ Prop, Msg string }

func (e *PropError) Error() string { return fmt.Sprintf("property %s %s", e.Prop, e.Msg) }

// A Target is where and how to connect.
type Target struct {
	Config *pgconn.Config
	// NoPrepare says that a transaction pooler stands in between: use no named statements (prepareThreshold=0, preferQueryMode=simple).
	NoPrepare bool
}

// Target turns the URL into pgx settings. Properties without a meaning here are ignored, as the driver's hints are.
func (u *URL) Target(s Settings) (*Target, error) {
	p := props{}
	for k, v := range s.Props {
		p[k] = v
	}
	for k, v := range u.Props {
		p[k] = v
	}
	if s.User != nil {
		p["user"] = *s.User
	}
	if s.Password != nil {
		p["password"] = *s.Password
	}
	if strings.EqualFold(p["gssEncMode"], "require") {
		return nil, &PropError{"gssEncMode", "asks for GSSAPI encryption, which is not supported: use TLS (sslmode) instead"}
	}
	kv := conninfo{}
	kv.set("user", p["user"])
	kv.set("password", p["password"])
	kv.set("dbname", u.Database)
	if u.Database == "" {
		kv.set("dbname", p["user"])
	}
	kv.hosts(u.Hosts, p.on("loadBalanceHosts"))
	if err := p.target(kv); err != nil {
		return nil, err
	}
	key, err := p.tls(kv)
	if err != nil {
		return nil, err
	}
	cfg, err := pgconn.ParseConfig(kv.String())
	if err != nil {
		return nil, redact(err)
	}
	if err := p.timeouts(cfg); err != nil {
		return nil, err
	}
	key.apply(cfg)
	p.session(cfg, s.AppName)
	return &Target{Config: cfg, NoPrepare: p["prepareThreshold"] == "0" || strings.EqualFold(p["preferQueryMode"], "simple")}, nil
}

// redact keeps the cause and drops the connection string, which pgx prints with most of it.
func redact(err error) error {
	if pe, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		if cause := pe.Unwrap(); cause != nil {
			return fmt.Errorf("cannot be used: %w", cause)
		}
	}
	return errors.New("cannot be used: a property has a value that is not understood")
}

type props map[string]string

func (p props) on(name string) bool { return strings.EqualFold(p[name], "true") }

var sessionAttrs = map[string]string{
	"": "any", "any": "any", "primary": "primary", "master": "primary", "secondary": "standby", "slave": "standby",
	"preferSecondary": "prefer-standby", "preferSlave": "prefer-standby", "preferPrimary": "any",
}

func (p props) target(kv conninfo) error {
	attr, ok := sessionAttrs[p["targetServerType"]]
	if !ok {
		return &PropError{"targetServerType", "must be any, primary, secondary or preferSecondary"}
	}
	kv.set("target_session_attrs", attr)
	return nil
}

func (p props) seconds(name string, otherwise time.Duration) (time.Duration, error) {
	text, ok := p[name]
	if !ok || text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1<<31/1000 {
		return 0, &PropError{name, "must be a number of seconds"}
	}
	return time.Duration(n) * time.Second, nil
}

func (p props) timeouts(cfg *pgconn.Config) error {
	connect, err := p.seconds("connectTimeout", 10*time.Second)
	if err != nil {
		return err
	}
	login, err := p.seconds("loginTimeout", 0)
	if err != nil {
		return err
	}
	socket, err := p.seconds("socketTimeout", 0)
	if err != nil {
		return err
	}
	cfg.ConnectTimeout = connect
	if login > 0 && (connect == 0 || login < connect) {
		cfg.ConnectTimeout = login
	}
	dialer := &net.Dialer{Timeout: connect, KeepAlive: 5 * time.Minute}
	if v, set := p["tcpKeepAlive"]; set && !strings.EqualFold(v, "true") {
		dialer.KeepAlive = -1
	}
	cfg.DialFunc = dialWith(dialer, socket)
	return nil
}

// session sets what the Java driver sets for each session: ISO dates, UTC (the zone of a JVM in a container), and the search path.
func (p props) session(cfg *pgconn.Config, appName string) {
	rp := cfg.RuntimeParams
	rp["DateStyle"] = "ISO"
	rp["TimeZone"] = "UTC"
	rp["client_encoding"] = "UTF8"
	if name := p["ApplicationName"]; name != "" {
		appName = name
	}
	if appName != "" {
		rp["application_name"] = appName
	}
	if path := p["currentSchema"]; path != "" {
		rp["search_path"] = path
	}
	if o := p["options"]; o != "" {
		rp["options"] = o
	}
}

// conninfo is a libpq keyword string in the making. Keywords that are set win over the process's PG* environment.
type conninfo map[string]string

func (kv conninfo) set(k, v string) {
	if v != "" {
		kv[k] = v
	}
}

func (kv conninfo) hosts(hosts []Host, shuffle bool) {
	hosts = slices.Clone(hosts)
	if shuffle {
		rand.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
	}
	names, ports := make([]string, len(hosts)), make([]string, len(hosts))
	for i, h := range hosts {
		names[i], ports[i] = h.Name, strconv.Itoa(int(h.Port))
	}
	kv.set("host", strings.Join(names, ","))
	kv.set("port", strings.Join(ports, ","))
}

var escaper = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

func (kv conninfo) String() string {
	var b strings.Builder
	for k, v := range kv {
		b.WriteString(k + "='" + escaper.Replace(v) + "' ")
	}
	return b.String()
}
