package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kurier-io/kurier/broker"
	"github.com/kurier-io/kurier/runtime/tail"
)

func tailCommand() *cobra.Command {
	var cfg tail.Config
	var kafka, output string
	cmd := &cobra.Command{
		Use:   "tail TOPIC",
		Short: "Show the records of a topic as they arrive: decoded, with key, offset and latency",
		Args:  cobra.ExactArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&kafka, "kafka", broker.DefaultListen, "address of a Kafka broker")
	f.BoolVar(&cfg.FromEnd, "from-end", false, "only records that arrive from now on")
	f.IntVar(&cfg.Max, "max", 0, "stop after so many records; 0: never")
	f.DurationVar(&cfg.Timeout, "timeout", 0, "fail when no record comes for so long; 0: never")
	f.StringVarP(&output, "output", "o", "", "text or json; text by default")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch output {
		case "", "text":
		case "json":
			cfg.JSON = true
		default:
			return &usageError{fmt.Errorf("--output %q: want text or json", output)}
		}
		cfg.Brokers, cfg.Topic, cfg.Now = []string{kafka}, args[0], time.Now
		return tail.Run(cmd.Context(), cfg, cmd.OutOrStdout())
	}
	return cmd
}
