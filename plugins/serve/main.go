package serve

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"syscall"
	"time"

	hclog "github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/plugins/wire"
)

// watchWithin is how long a plugin process waits for its worker's Watch call before it takes the worker for dead.
const watchWithin = 60 * time.Second

// Main serves p to the worker that started this process, and does not return. Started by a person it explains itself: `spec` prints what
// the plugin offers as JSON, `version` its version.
func Main(p registry.Plugin) {
	h := wire.Handshake()
	if os.Getenv(h.MagicCookieKey) != h.MagicCookieValue {
		os.Exit(explain(p, os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(run(p))
}

func explain(p registry.Plugin, args []string, out, errOut io.Writer) int {
	if len(args) == 1 {
		switch args[0] {
		case "spec":
			e := json.NewEncoder(out)
			e.SetIndent("", "  ")
			if err := e.Encode(p.Entries); err != nil {
				fmt.Fprintln(errOut, err)
				return 1
			}
			return 0
		case "version":
			fmt.Fprintln(out, p.Version)
			return 0
		}
	}
	fmt.Fprintf(errOut, "%s %s is a Kurier plugin. Put it in a folder of the worker's plugin.path and the worker starts it as needed.\n"+
		"By hand: %s spec | version\n", p.Name, p.Version, os.Args[0])
	return 2
}

func run(p registry.Plugin) int {
	// The worker stops its plugins in order, after their last offsets are stored; a signal to the whole process group must not get
	// ahead of it.
	signal.Ignore(syscall.SIGTERM)
	logs := newLogShip(os.Stderr)
	// Only this process's own end can tell that its worker is gone where the kernel does not (see host): the Watch stream breaks.
	s := New(p, slog.New(logs), func() { os.Exit(0) })
	s.logs = logs
	s.expectWatch(watchWithin)
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  wire.Handshake(),
		VersionedPlugins: map[int]plugin.PluginSet{wire.ProtocolVersion: {wire.PluginName: &glue{server: s}}},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts, ServerOptions()...)...)
		},
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr, JSONFormat: true}),
	})
	return 0
}

// ServerOptions are those of a gRPC server that carries a [Server]; tests on in-memory listeners need them too.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(wire.Codec{}), grpc.MaxRecvMsgSize(math.MaxInt32),
		grpc.InitialWindowSize(wire.WindowSize), grpc.InitialConnWindowSize(4 * wire.WindowSize),
		grpc.WriteBufferSize(256 << 10), grpc.ReadBufferSize(256 << 10),
	}
}
