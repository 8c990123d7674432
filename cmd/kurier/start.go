package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kurier-io/kurier/broker"
	"github.com/kurier-io/kurier/broker/schemaregistry"
	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/runtime/app"
	"github.com/kurier-io/kurier/runtime/settings"
)

func logger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

func levelFlag(cmd *cobra.Command) *slog.Level {
	level := slog.LevelInfo
	cmd.Flags().TextVar(&level, "log-level", slog.LevelInfo, "least level to log: debug, info, warn or error")
	return &level
}

func devCommand() *cobra.Command {
	var dir, kafka, rest, registry, plugins string
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run broker, schema registry and worker on this machine; no setting is mandatory",
		Args:  cobra.NoArgs,
	}
	cmd.Flags().StringVar(&dir, "data-dir", ".kurier", "folder for everything that is kept")
	cmd.Flags().StringVar(&kafka, "kafka", broker.DefaultListen, "address of the broker")
	cmd.Flags().StringVar(&rest, "rest", "127.0.0.1:8083", "address of the REST API")
	cmd.Flags().StringVar(&registry, "registry", schemaregistry.DefaultAddr, "address of the schema registry; empty: none")
	cmd.Flags().StringVar(&plugins, "plugin-path", "", "folders with connector plugins, separated by commas")
	level := levelFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		began := time.Now()
		log := logger(cmd.ErrOrStderr(), *level)
		props := app.DevSettings(kafka, rest)
		if plugins != "" {
			props["plugin.path"] = plugins
		}
		s, err := settings.ParseDistributed(props)
		if err != nil {
			return err
		}
		b, err := bundled()
		if err != nil {
			return err
		}
		pool := subject.NewPool()
		defer pool.Close()
		var schemas *app.SchemaRegistry
		if registry != "" {
			schemas = &app.SchemaRegistry{Listen: registry, Optional: !cmd.Flags().Changed("registry"), ReplicationFactor: 1, Logger: log.With("part", "schema registry")}
		}
		return app.Run(cmd.Context(), app.Config{
			SchemaRegistry: schemas,
			Broker:         &broker.Config{DataDir: dir, Listeners: broker.Plaintext(kafka), AutoCreateTopics: true, Logger: log.With("part", "broker")},
			Worker:         s, Bundled: b, InWorker: inWorker(pool), Version: version, Commit: commit(), Logger: log.With("part", "worker"),
			Ready: func(a app.Addresses) { announce(cmd.OutOrStdout(), a, dir, time.Since(began)) },
		})
	}
	return cmd
}

func announce(w io.Writer, a app.Addresses, dir string, took time.Duration) {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	fmt.Fprintf(w, "Kurier %s is ready after %d ms\n  Kafka       %s\n  REST        %s\n", version, took.Milliseconds(), a.Kafka, strings.TrimSuffix(a.REST, "/"))
	if a.SchemaRegistry != "" {
		fmt.Fprintf(w, "  schemas     %s\n", a.SchemaRegistry)
	}
	fmt.Fprintf(w, "  data        %s\n  plugins     curl %sconnector-plugins\n", dir, a.REST)
}

// properties reads a .properties file.
func properties(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &usageError{err}
	}
	defer f.Close()
	props, err := settings.ParseProperties(f)
	if err != nil {
		return nil, &usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return props, nil
}

func brokerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "broker [server.properties]",
		Short: "Run the included Kafka broker alone",
		Args:  cobra.MaximumNArgs(1),
	}
	level := levelFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		began := time.Now()
		props := map[string]string{}
		if len(args) == 1 {
			var err error
			if props, err = properties(args[0]); err != nil {
				return err
			}
		}
		cfg, err := broker.FromProperties(props)
		if err != nil {
			return &usageError{err}
		}
		cfg.Logger = logger(cmd.ErrOrStderr(), *level)
		cfg.Progress = recoveryProgress(cmd.ErrOrStderr(), time.Now)
		if len(cfg.Ignored) > 0 {
			cfg.Logger.Info("settings without meaning here were ignored", "keys", cfg.Ignored)
		}
		return app.Run(cmd.Context(), app.Config{Broker: &cfg, Version: version, Logger: cfg.Logger, Ready: func(a app.Addresses) {
			announceBroker(cmd.OutOrStdout(), cfg, a, time.Since(began))
		}})
	}
	return cmd
}

// announceBroker says where the broker is, and what it promises.
func announceBroker(w io.Writer, cfg broker.Config, a app.Addresses, took time.Duration) {
	dir := cfg.DataDir
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	fmt.Fprintf(w, "Kurier %s broker is ready on %s after %d ms\n", version, a.Kafka, took.Milliseconds())
	for _, l := range cfg.Listeners {
		security := "no authentication"
		switch {
		case len(l.Mechanisms) > 0:
			security = "SASL " + strings.Join(l.Mechanisms, ", ")
		case l.TLS != nil && l.TLS.ClientAuth == "required":
			security = "client certificates"
		}
		if l.TLS != nil {
			security = "TLS, " + security
		}
		fmt.Fprintf(w, "  listener    %s://%s (%s)\n", l.Name, l.Addr, security)
	}
	promise := map[broker.Durability]string{
		broker.DurabilityFsync:    "acks=all waits until the record is on the device",
		broker.DurabilityInterval: "a power cut may take the last moments; kill -9 takes nothing",
		broker.DurabilityOS:       "a power cut may take what the system had not written; kill -9 takes nothing",
	}[cfg.Durability]
	fmt.Fprintf(w, "  data        %s\n  durability  %s: %s\n", dir, cfg.Durability, promise)
	if a.Metrics != "" {
		fmt.Fprintf(w, "  metrics     %s\n", a.Metrics)
	}
}

// recoveryProgress shows a recovery that takes more than a moment.
func recoveryProgress(w io.Writer, now func() time.Time) func(done, total int64) {
	began := now()
	shown := began
	return func(done, total int64) {
		t := now()
		if t.Sub(began) < time.Second || t.Sub(shown) < time.Second && done < total || total == 0 {
			return
		}
		shown = t
		fmt.Fprintf(w, "recovering: %d of %d MiB (%d %%)\n", done>>20, total>>20, done*100/total)
	}
}

func distributedCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "distributed worker.properties",
		Short: "Run a distributed Connect worker against a Kafka cluster, as connect-distributed",
		Args:  cobra.ExactArgs(1),
	}
	level := levelFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		props, err := properties(args[0])
		if err != nil {
			return err
		}
		s, err := settings.ParseDistributed(props)
		if err != nil {
			return err
		}
		return runWorker(cmd, s, nil, *level)
	}
	return cmd
}

func standaloneCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "standalone worker.properties [connector.properties|connector.json]…",
		Short: "Run a worker on its own with the given connectors, as connect-standalone",
		Args:  cobra.MinimumNArgs(1),
	}
	level := levelFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		props, err := properties(args[0])
		if err != nil {
			return err
		}
		s, err := settings.ParseStandalone(props)
		if err != nil {
			return err
		}
		var files []app.ConnectorFile
		for _, path := range args[1:] {
			f, err := connectorFile(path)
			if err != nil {
				return &usageError{fmt.Errorf("%s: %w", path, err)}
			}
			files = append(files, f)
		}
		return runWorker(cmd, s, files, *level)
	}
	return cmd
}

func runWorker(cmd *cobra.Command, s *settings.Worker, files []app.ConnectorFile, level slog.Level) error {
	b, err := bundled()
	if err != nil {
		return err
	}
	pool := subject.NewPool()
	defer pool.Close()
	return app.Run(cmd.Context(), app.Config{
		Worker: s, Bundled: b, InWorker: inWorker(pool), Connectors: files, Version: version, Commit: commit(), Logger: logger(cmd.ErrOrStderr(), level),
		Ready: func(a app.Addresses) {
			fmt.Fprintf(cmd.OutOrStdout(), "Kurier %s worker is ready on %s\n", version, a.REST)
		},
	})
}

// connectorFile reads a connector: properties with a name, a JSON object of strings with a name, or {"name", "config", "initial_state"}.
func connectorFile(path string) (app.ConnectorFile, error) {
	out := app.ConnectorFile{Path: path}
	if strings.EqualFold(filepath.Ext(path), ".json") {
		b, err := os.ReadFile(path)
		if err != nil {
			return out, err
		}
		var whole struct {
			Name    string            `json:"name"`
			Config  map[string]string `json:"config"`
			Initial string            `json:"initial_state"`
		}
		if err := json.Unmarshal(b, &whole); err == nil && whole.Config != nil {
			out.Name, out.Config, out.Initial = whole.Name, whole.Config, whole.Initial
		} else if err := json.Unmarshal(b, &out.Config); err != nil {
			return out, err
		}
	} else {
		props, err := properties(path)
		if err != nil {
			return out, err
		}
		out.Config = props
	}
	if out.Name == "" {
		out.Name = out.Config["name"]
	}
	if out.Name == "" {
		return out, errors.New("it has no name")
	}
	return out, nil
}
