package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"sync"

	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/kurier-io/kurier/plugins/wire"
)

// glue makes go-plugin hand out the bare connection. The author's side has its own.
type glue struct{ plugin.NetRPCUnsupportedPlugin }

func (glue) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("this side calls")
}

func (glue) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return c, nil
}

// DialOptions are those of a connection to a plugin; tests on in-memory listeners need them too.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32), grpc.MaxCallSendMsgSize(math.MaxInt32)),
		grpc.WithInitialWindowSize(wire.WindowSize), grpc.WithInitialConnWindowSize(4 * wire.WindowSize),
		grpc.WithWriteBufferSize(256 << 10), grpc.WithReadBufferSize(256 << 10),
	}
}

// launch starts a process. connector may be empty: the process is then only asked what it offers.
func (h *Host) launch(ctx context.Context, c Command, connector string) (*Process, error) {
	log := h.cfg.Logger.With("plugin", c.Name)
	if connector != "" {
		log = log.With("connector", connector)
	}
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env = h.environment()
	dieWithParent(cmd)
	cfg := &plugin.ClientConfig{
		HandshakeConfig:  wire.Handshake(),
		VersionedPlugins: map[int]plugin.PluginSet{wire.ProtocolVersion: {wire.PluginName: glue{}}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Cmd:              cmd,
		SkipHostEnv:      true,
		StartTimeout:     h.cfg.StartTimeout,
		Logger:           newHCLog(log),
		GRPCDialOptions:  DialOptions(),
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: h.sockets},
		AutoMTLS:         runtime.GOOS == "windows", // no Unix socket in a private directory there
	}
	if c.SHA256 != nil {
		cfg.SecureConfig = &plugin.SecureConfig{Checksum: c.SHA256, Hash: sha256.New()}
	}
	client := plugin.NewClient(cfg)
	conn, kill, err := startOnOwnThread(client)
	if err != nil {
		return nil, fmt.Errorf("starting plugin %s: %w", c.Name, err)
	}
	p := newProcess(conn, c.Name, log)
	p.end = kill
	if rc := client.ReattachConfig(); rc != nil {
		p.pid = rc.Pid
	}
	if err := p.watch(ctx); err != nil {
		p.kill()
		return nil, fmt.Errorf("starting plugin %s: %w", c.Name, err)
	}
	return p, nil
}

// startOnOwnThread starts the process from a thread that lives until the process was killed: Linux sends the parent-death signal when the
// thread that forked ends, not the process.
func startOnOwnThread(client *plugin.Client) (*grpc.ClientConn, func(), error) {
	type result struct {
		conn *grpc.ClientConn
		err  error
	}
	started := make(chan result, 1)
	ending, ended := make(chan struct{}), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		conn, err := dispense(client)
		started <- result{conn, err}
		if err == nil {
			<-ending
		}
		client.Kill()
	}()
	r := <-started
	if r.err != nil {
		<-ended
		return nil, nil, r.err
	}
	var once sync.Once
	return r.conn, func() {
		once.Do(func() { close(ending) })
		<-ended
	}, nil
}

func dispense(client *plugin.Client) (*grpc.ClientConn, error) {
	proto, err := client.Client()
	if err != nil {
		return nil, err
	}
	raw, err := proto.Dispense(wire.PluginName)
	if err != nil {
		return nil, err
	}
	return raw.(*grpc.ClientConn), nil
}

func (h *Host) environment() []string {
	// go-plugin itself passes the folder on only to runners of one's own.
	env := []string{plugin.EnvUnixSocketDir + "=" + h.sockets}
	for _, name := range append([]string{"PATH", "HOME", "TZ", "LANG", "TMPDIR", "SYSTEMROOT", "TEMP"}, h.cfg.Env...) {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}
