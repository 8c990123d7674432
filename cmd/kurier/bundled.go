package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kurier-io/kurier/connectors/file"
	"github.com/kurier-io/kurier/connectors/postgres"
	"github.com/kurier-io/kurier/converters/avroconv"
	"github.com/kurier-io/kurier/converters/jsonconv"
	"github.com/kurier-io/kurier/converters/jsonschemaconv"
	"github.com/kurier-io/kurier/converters/protoconv"
	"github.com/kurier-io/kurier/converters/rawconv"
	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/plugins/serve"
	"github.com/kurier-io/kurier/transforms"
	"github.com/kurier-io/kurier/transforms/predicates"
)

// version is that of the next release.
const version = "0.1.0"

// commit is the revision that the binary was built from.
func commit() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value[:min(16, len(s.Value))]
			}
		}
	}
	return "unknown"
}

// plugins are the bundled connectors. Only this binary links them, and only to serve them from processes of their own.
func plugins() []registry.Plugin {
	return []registry.Plugin{
		file.Plugin(version),
		{Name: "postgres", Version: version, Entries: postgres.Register()},
	}
}

// bundled makes the worker start this binary again for each of them.
func bundled() ([]host.Bundled, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the own executable, which serves the bundled connectors: %w", err)
	}
	var out []host.Bundled
	for _, p := range plugins() {
		out = append(out, host.Bundled{Plugin: p, Command: host.Command{Name: p.Name, Path: exe, Args: []string{"plugin", "serve", p.Name}}})
	}
	return out, nil
}

// inWorker are the converters, transformations and predicates; they run in the worker's process. The pool is what converters reach schema
// registries with; the caller closes it after the worker.
func inWorker(pool *subject.Pool) []registry.Entry {
	return slices.Concat(
		jsonconv.Register(), rawconv.Register(), avroconv.Register(pool), jsonschemaconv.Register(pool), protoconv.Register(pool),
		transforms.Register(), predicates.Register(),
	)
}

func pluginCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "plugin", Short: "Connector plugins"}
	cmd.AddCommand(&cobra.Command{
		Use: "serve NAME", Short: "Serve a bundled connector plugin; the worker calls this", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			for _, p := range plugins() {
				if p.Name == args[0] {
					serve.Main(p)
				}
			}
			return &usageError{fmt.Errorf("no bundled plugin is called %q", args[0])}
		},
	})
	return cmd
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), version) },
	}
}
