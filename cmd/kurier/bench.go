package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kurier-io/kurier/connectors/postgres/cluster"
	"github.com/kurier-io/kurier/connectors/postgres/pgbench"
	"github.com/kurier-io/kurier/converters/avroconv/reference"
	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/plugins/serve"
	"github.com/kurier-io/kurier/runtime/bench"
	"github.com/kurier-io/kurier/runtime/bench/conversion"
)

func benchCommand() *cobra.Command {
	cfg := bench.Config{Version: version, Progress: os.Stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd())), OpenDatabase: openBenchDatabase}
	var output string
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure this machine's Kurier against yardsticks beside it: one table of ratios",
		Args:  cobra.NoArgs,
	}
	f := cmd.Flags()
	f.IntVar(&cfg.Rows, "rows", 1_000_000, "rows of the table; the other parts are a multiple of it")
	f.IntVar(&cfg.Rounds, "rounds", 3, "how often each measurement is taken")
	f.StringSliceVar(&cfg.Only, "only", nil, fmt.Sprintf("parts to run, of %v; all by default", bench.Parts()))
	f.StringVarP(&output, "output", "o", "text", "text or json")
	f.BoolVar(&cfg.Keep, "keep", false, "leave the temporary files behind")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if output != "text" && output != "json" {
			return &usageError{fmt.Errorf("--output %q: want text or json", output)}
		}
		if cfg.Rows < 1 || cfg.Rounds < 1 {
			return &usageError{errors.New("--rows and --rounds must be at least 1")}
		}
		exe, err := os.Executable()
		if err != nil {
			return fmt.Errorf("finding the own executable, which is what is measured: %w", err)
		}
		pool := subject.NewPool()
		defer pool.Close()
		cfg.Registry = registry.New()
		if err := cfg.Registry.Add(inWorker(pool)...); err != nil {
			return err
		}
		cfg.Avro = func(schema string) (conversion.AvroLibrary, error) { return reference.New(schema) }
		cfg.Executable, cfg.Generator = exe, host.Command{Name: "bench", Path: exe, Args: []string{"bench", "generator"}}
		report, err := bench.Run(cmd.Context(), cfg)
		if err != nil {
			return err
		}
		if output == "json" {
			return report.JSON(cmd.OutOrStdout())
		}
		return report.Text(cmd.OutOrStdout())
	}
	// The generator is served here and not with the bundled plugins, which every worker lists.
	cmd.AddCommand(&cobra.Command{
		Use: "generator", Short: "Serve the plugin that the bench measures; the bench calls this", Hidden: true, Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) { serve.Main(bench.Plugin(version)) },
	})
	return cmd
}

func openBenchDatabase(ctx context.Context, dir string) (bench.Database, error) {
	db, err := pgbench.Open(ctx, dir)
	if errors.Is(err, cluster.ErrMissing) {
		return nil, fmt.Errorf("%w: %w", bench.ErrNoDatabase, err)
	}
	if err != nil {
		return nil, err
	}
	return db, nil
}
