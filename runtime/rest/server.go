package rest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/settings"
)

// Config is what a Server works with.
type Config struct {
	Herder   herder.Herder
	Settings settings.REST
	URL      string // this worker's own as others know it, with trailing slash
	Logger   *slog.Logger
	// Metrics answers GET /metrics; nil: there are none.
	Metrics http.Handler
}

// A Server answers HTTP requests.
type Server struct {
	cfg     Config
	echo    *echo.Echo
	forward *http.Client
	allowed map[string][]string // methods by route
}

// Limits and time-outs.
const (
	requestTimeout = 90 * time.Second // Kafka Connect's
	healthTimeout  = 10 * time.Second
	drainTimeout   = 60 * time.Second
	headerTimeout  = 10 * time.Second
	maxHeader      = 8 << 10
	maxBody        = 16 << 20
)

// New builds the routes.
func New(cfg Config) (*Server, error) {
	s := &Server{
		cfg: cfg, echo: echo.New(), allowed: map[string][]string{},
		forward: workerClient(requestTimeout),
	}
	rules, err := parseHeaders(cfg.Settings.ResponseHeaders)
	if err != nil {
		return nil, err
	}
	origins, err := parseOrigins(cfg.Settings.AllowOrigin)
	if err != nil {
		return nil, err
	}
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.Logger.SetOutput(io.Discard) // errors come back from handlers and are logged here
	s.echo.HTTPErrorHandler = s.fail
	s.echo.Pre(s.survive, headers(rules), s.cors(origins), normalize) // before routing, so that errors of that pass them too
	s.routes()
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Serve answers on the listeners, which it closes, until ctx is done; then it lets requests that are under way end.
func (s *Server) Serve(ctx context.Context, listeners ...net.Listener) error {
	srv := &http.Server{
		Handler: s, MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeout, WriteTimeout: 3 * requestTimeout, IdleTimeout: requestTimeout,
		ErrorLog: slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelDebug),
	}
	var wg sync.WaitGroup
	errs := make(chan error, len(listeners))
	for _, l := range listeners {
		wg.Go(func() {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				errs <- err
			}
		})
	}
	var first error
	select {
	case <-ctx.Done():
	case first = <-errs:
	}
	draining, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	err := srv.Shutdown(draining)
	if err != nil {
		err = errors.Join(err, srv.Close())
	}
	s.forward.CloseIdleConnections()
	wg.Wait()
	return errors.Join(first, err)
}

// normalize makes paths comparable: one trailing slash is allowed, matrix parameters are dropped, and every segment is escaped in the one
// way that survives being parsed again, so that neither routing nor sending on mistakes an escaped slash for a real one.
func normalize(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u := c.Request().URL
		path := u.RawPath // as sent; EscapedPath would replace it where it has characters that should have been escaped
		if path == "" {
			path = u.EscapedPath()
		}
		if len(path) > 1 {
			path = strings.TrimSuffix(path, "/")
		}
		segments := strings.Split(path, "/")
		for i := range segments {
			segment, _, _ := strings.Cut(segments[i], ";")
			text, err := url.PathUnescape(segment)
			switch {
			case err != nil || strings.ContainsRune(text, 0):
				return badRequest("Bad Request: the path has a broken percent escape")
			case text == "" && i > 0 && path != "/":
				return errNoRoute
			}
			segments[i] = url.PathEscape(text)
		}
		u.RawPath = strings.Join(segments, "/")
		return next(c)
	}
}

// add registers a route; HEAD comes with GET, OPTIONS with everything.
func (s *Server) add(method, path string, k kind, h handler) { s.mount(method, path, s.wrap(k, h)) }

func (s *Server) mount(method, path string, wrapped echo.HandlerFunc) {
	s.echo.Add(method, path, wrapped)
	if s.allowed[path] == nil {
		s.echo.OPTIONS(path, s.options(path))
		s.allowed[path] = []string{http.MethodOptions}
	}
	s.allowed[path] = append(s.allowed[path], method)
	if method == http.MethodGet {
		s.echo.HEAD(path, wrapped)
		s.allowed[path] = append(s.allowed[path], http.MethodHead)
	}
}

func (s *Server) options(path string) echo.HandlerFunc {
	return func(c echo.Context) error {
		verbs := slices.Clone(s.allowed[path])
		slices.Sort(verbs)
		list := strings.Join(verbs, ", ")
		c.Response().Header().Set("Allow", list)
		if accept(c.Request().Header, "text/plain") == nil {
			return write(c, response{status: http.StatusOK})
		}
		send(c, http.StatusOK, "text/plain", []byte(list))
		return nil
	}
}

func (s *Server) routes() {
	s.add("GET", "/", free, s.root)
	s.add("GET", "/health", free, s.health)
	if s.cfg.Metrics != nil {
		s.mount("GET", "/metrics", echo.WrapHandler(s.cfg.Metrics))
	}
	s.add("GET", "/connectors", consuming, s.connectors)
	s.add("POST", "/connectors", consuming, s.create)
	s.add("GET", "/connectors/:connector", consuming, s.connector)
	s.add("DELETE", "/connectors/:connector", consuming, s.remove)
	s.add("GET", "/connectors/:connector/config", consuming, s.config)
	s.add("PUT", "/connectors/:connector/config", consuming, s.putConfig)
	s.add("PATCH", "/connectors/:connector/config", consuming, s.patchConfig)
	s.add("GET", "/connectors/:connector/status", consuming, s.status)
	s.add("GET", "/connectors/:connector/tasks", consuming, s.tasks)
	s.add("POST", "/connectors/:connector/tasks", free, s.putTasks)
	s.add("GET", "/connectors/:connector/tasks-config", consuming, s.tasksConfig)
	s.add("GET", "/connectors/:connector/tasks/:task/status", consuming, s.taskStatus)
	s.add("POST", "/connectors/:connector/tasks/:task/restart", consuming, s.restartTask)
	s.add("PUT", "/connectors/:connector/pause", consuming, s.pause)
	s.add("PUT", "/connectors/:connector/resume", consuming, s.resume)
	s.add("PUT", "/connectors/:connector/stop", consuming, s.stop)
	s.add("POST", "/connectors/:connector/restart", consuming, s.restart)
	s.add("GET", "/connectors/:connector/topics", consuming, s.topics)
	s.add("PUT", "/connectors/:connector/topics/reset", consuming, s.resetTopics)
	s.add("GET", "/connectors/:connector/offsets", consuming, s.offsets)
	s.add("GET", "/connector-plugins", consuming, s.plugins)
	s.add("GET", "/connector-plugins/:plugin/config", consuming, s.pluginConfig)
	s.add("PUT", "/connector-plugins/:plugin/config/validate", consuming, s.validate)
}
