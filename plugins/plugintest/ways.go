package plugintest

import (
	"context"
	"log/slog"
	"net"
	"os"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/plugins/serve"
	"github.com/kurier-io/kurier/plugins/wire"
)

// Main runs a package's tests, or serves p when the test binary was started as a plugin process. It does not return.
func Main(m *testing.M, p registry.Plugin) {
	ServeIfAsked(p)
	os.Exit(m.Run())
}

// ServeIfAsked serves p and does not return when the test binary was started as a plugin process; for packages whose TestMain has more to do.
func ServeIfAsked(p registry.Plugin) {
	h := wire.Handshake()
	if os.Getenv(h.MagicCookieKey) == h.MagicCookieValue {
		serve.Main(p)
	}
}

// Self is the command that starts the test binary as a plugin process.
func Self(t testing.TB) host.Command {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return host.Command{Name: "test", Path: exe}
}

// Memory returns p behind an in-memory gRPC connection; everything ends with the test. frames false leaves only the protobuf
// conversation, as plugins in other languages have it.
func Memory(t testing.TB, p registry.Plugin, frames bool) *host.Process {
	t.Helper()
	lis := bufconn.Listen(1 << 20)
	g := grpc.NewServer(serve.ServerOptions()...)
	s := serve.New(p, slog.New(slog.NewTextHandler(t.Output(), nil)), nil)
	if frames {
		s.Register(g)
	} else {
		s.RegisterStructured(g)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = g.Serve(lis) // ends with the listener
	}()
	opts := append(host.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return lis.Dial() }))
	conn, err := grpc.NewClient("passthrough:memory", opts...)
	if err != nil {
		t.Fatal(err)
	}
	proc, err := host.Attach(t.Context(), conn, "memory", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		proc.Release()
		_ = conn.Close()
		g.Stop()
		<-served
	})
	return proc
}

// Subprocess returns p in a process of its own, the test binary started again; it ends with the test.
func Subprocess(t testing.TB, p registry.Plugin) *host.Process {
	t.Helper()
	h, err := host.New(host.Config{Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), TempDir: socketDir(t), StartTimeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	h.AddBundled(host.Bundled{Command: Self(t), Plugin: p})
	proc, err := h.Acquire(t.Context(), "test", p.Entries[0].Class)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		proc.Release()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return proc
}

// socketDir is not t.TempDir: with a long test name that exceeds the length of a Unix socket's address.
func socketDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
