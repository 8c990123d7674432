package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kurier-io/kurier/plugins/registry"
)

// A Command starts one plugin: an executable with arguments.
type Command struct {
	Name   string // of the plugin; in logs and errors
	Path   string
	Args   []string
	SHA256 []byte // checksum that the executable must have; nil: any
}

// A Bundled plugin is one whose catalogue is known without starting it.
type Bundled struct {
	Command Command
	Plugin  registry.Plugin
}

// Config configures a Host; zero values mean defaults.
type Config struct {
	Logger *slog.Logger // nil: none
	// TempDir is where the private directory of sockets is made; default os.TempDir().
	TempDir string
	// Env lists names of environment variables that plugin processes may see, beyond PATH, HOME, TZ, LANG and TMPDIR. Nothing else of the
	// worker's environment reaches them.
	Env []string
	// StartTimeout bounds the start of a process; default 10 s.
	StartTimeout time.Duration
}

// A Host owns all plugin processes of one worker. It is safe for concurrent use.
type Host struct {
	cfg     Config
	sockets string
	lock    io.Closer          // on sockets
	classes map[string]Command // by full class name; fixed after Scan

	mu     sync.Mutex
	procs  map[string]*shared // by connector name
	closed bool
}

type shared struct {
	ready chan struct{} // closed when proc or err is set
	proc  *Process
	err   error
	refs  int
	class string
}

// socketPrefix begins the name of a host's socket directory.
const socketPrefix = "kurier-plugins-"

// New returns a host and its private socket directory, which Close removes.
func New(cfg Config) (*Host, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.StartTimeout <= 0 {
		cfg.StartTimeout = 10 * time.Second
	}
	sweep(cfg.TempDir)
	dir, err := os.MkdirTemp(cfg.TempDir, socketPrefix) // mode 0700
	if err != nil {
		return nil, fmt.Errorf("no directory for plugin sockets: %w", err)
	}
	lock, err := claim(dir)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking the directory for plugin sockets: %w", err), os.RemoveAll(dir))
	}
	return &Host{cfg: cfg, sockets: dir, lock: lock, classes: map[string]Command{}, procs: map[string]*shared{}}, nil
}

// AddBundled makes the classes of bundled plugins known and returns their entries. Call it, and Scan, before any Acquire.
func (h *Host) AddBundled(bundled ...Bundled) []registry.Entry {
	var out []registry.Entry
	for _, b := range bundled {
		for _, e := range b.Plugin.Entries {
			h.classes[e.Class] = b.Command
			out = append(out, catalogued(e, b.Plugin.Version))
		}
	}
	return out
}

// catalogued leaves out what only the plugin's own process can do.
func catalogued(e registry.Entry, version string) registry.Entry {
	if e.Version == "" {
		e.Version = version
	}
	e.NewConnector, e.NewSourceTask, e.NewSinkTask = nil, nil, nil
	return e
}

// Scan starts every executable in the folders once to ask what it offers, and returns the entries. A folder's own executables and those one level below are
// looked at. A plugin that does not answer is reported in the log and left out; a folder that does not exist is an error.
func (h *Host) Scan(ctx context.Context, folders []string) ([]registry.Entry, error) {
	var out []registry.Entry
	for _, folder := range folders {
		paths, err := executables(folder)
		if err != nil {
			return nil, fmt.Errorf("plugin.path: %w", err)
		}
		for _, path := range paths {
			cmd := Command{Name: filepath.Base(path), Path: path}
			entries, err := h.describe(ctx, cmd)
			if err != nil {
				h.cfg.Logger.Warn("an executable in plugin.path is not a usable plugin", "path", path, "err", err)
				continue
			}
			for _, e := range entries {
				h.classes[e.Class] = cmd
			}
			out = append(out, entries...)
		}
	}
	return out, nil
}

func (h *Host) describe(ctx context.Context, cmd Command) ([]registry.Entry, error) {
	p, err := h.launch(ctx, cmd, "")
	if err != nil {
		return nil, err
	}
	defer p.kill()
	d, err := p.Describe(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]registry.Entry, len(d.Entries))
	for i, e := range d.Entries {
		out[i] = catalogued(e, d.Version)
	}
	return out, nil
}

// Acquire returns the process that serves a connector on this worker, started if need be. class is the full class name. Each Acquire that
// succeeded needs one Release.
func (h *Host) Acquire(ctx context.Context, connector, class string) (*Process, error) {
	for {
		h.mu.Lock()
		if h.closed {
			h.mu.Unlock()
			return nil, fmt.Errorf("connector %s: the worker is stopping", connector)
		}
		s := h.procs[connector]
		if s != nil && s.dead(class) {
			// Users of the old process keep their pointer and release it; it is no longer handed out.
			delete(h.procs, connector)
			s = nil
		}
		if s == nil {
			s = &shared{ready: make(chan struct{}), class: class}
			h.procs[connector] = s
			s.refs = 1
			h.mu.Unlock()
			h.start(ctx, s, connector, class)
			if s.err != nil {
				return nil, s.err
			}
			return s.proc, nil
		}
		s.refs++
		h.mu.Unlock()
		select {
		case <-s.ready:
			if s.err != nil {
				return nil, s.err
			}
			return s.proc, nil
		case <-ctx.Done():
			h.release(connector, s)
			return nil, context.Cause(ctx)
		}
	}
}

// dead reports, under h.mu, whether s must not be given to another user.
func (s *shared) dead(class string) bool {
	select {
	case <-s.ready:
		return s.err != nil || s.class != class || s.proc.isDone()
	default:
		return false
	}
}

func (h *Host) start(ctx context.Context, s *shared, connector, class string) {
	defer close(s.ready)
	cmd, ok := h.classes[class]
	if !ok {
		s.err = fmt.Errorf("connector %s: no plugin of this worker has the class %s", connector, class)
	} else {
		s.proc, s.err = h.launch(ctx, cmd, connector)
	}
	if s.err != nil {
		h.mu.Lock()
		if h.procs[connector] == s {
			delete(h.procs, connector)
		}
		h.mu.Unlock()
		return
	}
	s.proc.release = func() { h.release(connector, s) }
}

func (h *Host) release(connector string, s *shared) {
	h.mu.Lock()
	s.refs--
	last := s.refs == 0
	if last && h.procs[connector] == s {
		delete(h.procs, connector)
	}
	h.mu.Unlock()
	if last {
		<-s.ready
		if s.proc != nil {
			s.proc.kill()
		}
	}
}

// Validate checks a connector's configuration in a process of its class: a running one of that connector, or a short-lived one.
func (h *Host) Validate(ctx context.Context, class string, props map[string]string) (*Validation, error) {
	p, err := h.Acquire(ctx, "validate:"+class, class)
	if err != nil {
		return nil, err
	}
	defer p.Release()
	return p.Validate(ctx, class, props)
}

// PIDs returns the process ids of the running plugin processes by connector.
func (h *Host) PIDs() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[string]int{}
	for name, s := range h.procs {
		select {
		case <-s.ready:
			if s.proc != nil && !s.proc.isDone() {
				out[name] = s.proc.PID()
			}
		default:
		}
	}
	return out
}

// Close ends every process that is still running. Connectors and tasks should have been stopped before.
func (h *Host) Close() error {
	h.mu.Lock()
	h.closed = true
	var rest []*shared
	for _, s := range h.procs {
		rest = append(rest, s)
	}
	h.mu.Unlock()
	var wg sync.WaitGroup
	for _, s := range rest {
		wg.Go(func() {
			<-s.ready
			if s.proc != nil {
				s.proc.kill()
			}
		})
	}
	wg.Wait()
	return errors.Join(os.RemoveAll(h.sockets), h.lock.Close())
}
