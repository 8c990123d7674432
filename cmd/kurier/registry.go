package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kurier-io/kurier/runtime/app"
)

func registryCommand() *cobra.Command {
	var kafka, listen string
	cmd := &cobra.Command{
		Use:   "registry [schema-registry.properties]",
		Short: "Run the included schema registry alone, on any Kafka cluster",
		Args:  cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringVar(&kafka, "kafka", "", "the Kafka cluster to keep schemas in, as kafkastore.bootstrap.servers (default localhost:9092 without a file)")
	cmd.Flags().StringVar(&listen, "listen", "", "address to listen on, as listeners (default 127.0.0.1:8081)")
	level := levelFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		began := time.Now()
		props := map[string]string{"kafkastore.bootstrap.servers": "localhost:9092"}
		var users map[string]string
		if len(args) == 1 {
			var err error
			if props, err = properties(args[0]); err != nil {
				return err
			}
			if path := props["kurier.users.file"]; path != "" {
				if users, err = properties(path); err != nil {
					return err
				}
			}
		}
		if kafka != "" {
			props["kafkastore.bootstrap.servers"] = kafka
		}
		if listen != "" {
			props["listeners"] = "http://" + listen
		}
		s, err := app.SchemaRegistryFromProperties(props, users)
		if err != nil {
			return &usageError{err}
		}
		log := logger(cmd.ErrOrStderr(), *level)
		s.Logger = log
		if len(s.Ignored) > 0 {
			log.Info("settings without meaning here were ignored", "keys", s.Ignored)
		}
		return app.Run(cmd.Context(), app.Config{SchemaRegistry: s, Version: version, Logger: log, Ready: func(a app.Addresses) {
			fmt.Fprintf(cmd.OutOrStdout(), "Kurier %s schema registry is ready on %s after %d ms\n  Kafka       %s\n",
				version, a.SchemaRegistry, time.Since(began).Milliseconds(), s.Client["bootstrap.servers"])
		}})
	}
	return cmd
}
