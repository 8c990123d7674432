package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kurier-io/kurier/broker"
)

func verifyCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "verify DATA-DIR",
		Short: "Check every record of a stopped broker's data directory",
		Args:  cobra.ExactArgs(1),
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "text or json; text by default")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if output != "" && output != "text" && output != "json" {
			return &usageError{fmt.Errorf("--output %q: want text or json", output)}
		}
		damage := []broker.Damage{}
		began := time.Now()
		shown := began
		v, err := broker.Verify(args[0], func(d broker.Damage) { damage = append(damage, d) }, func(bytes int64) {
			if now := time.Now(); now.Sub(shown) >= time.Second {
				shown = now
				fmt.Fprintf(cmd.ErrOrStderr(), "checked %d MiB\n", bytes>>20)
			}
		})
		if err != nil {
			return err
		}
		if output == "json" {
			err = json.NewEncoder(cmd.OutOrStdout()).Encode(struct {
				broker.Verified
				Damage []broker.Damage `json:"damage"`
			}{v, damage})
		} else {
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, d := range damage {
				fmt.Fprintf(w, "%s\tat byte %d\toffset %d\t%s\n", d.File, d.Position, d.Offset, d.Problem)
			}
			fmt.Fprintf(w, "%d partitions, %d segments, %d batches, %d MiB in %v\n", v.Partitions, v.Segments, v.Batches, v.Bytes>>20, time.Since(began).Round(time.Millisecond))
			err = w.Flush()
		}
		if err == nil && len(damage) > 0 {
			err = fmt.Errorf("%d segments are damaged: restore them from a copy; records after the damage cannot be read until then", len(damage))
		}
		return err
	}
	return cmd
}
