package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for the cleaning up
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "bench-broker:", err)
		os.Exit(1)
	}
}

// run parses the arguments and writes the report. The error says what could not be measured.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	cfg := config{progress: stderr}
	var output, only, profile string
	f := flag.NewFlagSet("bench-broker", flag.ContinueOnError)
	f.StringVar(&cfg.binary, "kurier", "bin/kurier", "the binary to measure")
	f.StringVar(&cfg.lib, "kafka-lib", ".cache/bench-broker/lib", "folder of Apache Kafka's jars")
	f.StringVar(&cfg.parent, "dir", os.TempDir(), "where the data of the brokers go, on the disk to measure")
	f.StringVar(&only, "only", "", "parts to run, of "+strings.Join(parts(), ",")+"; all by default")
	f.StringVar(&output, "o", "text", "text or json")
	f.IntVar(&cfg.rounds, "rounds", 3, "how often each measurement is taken")
	f.Float64Var(&cfg.gb, "gb", 10, "size of the log on whose start is measured, in GB")
	f.BoolVar(&cfg.quick, "quick", false, "one round of shorter measurements and a log of 1 GB, in three minutes")
	f.StringVar(&profile, "cpuprofile", "", "write a CPU profile of the broker and clients in this process (the part machine) to a file")
	f.SetOutput(stderr)
	if err := f.Parse(args); err != nil {
		return err
	}
	if only != "" {
		cfg.only = strings.Split(only, ",")
	}
	for _, p := range cfg.only {
		if !slices.Contains(parts(), p) {
			return fmt.Errorf("-only: there is no part %q", p)
		}
	}
	if output != "text" && output != "json" || cfg.rounds < 1 || cfg.gb <= 0 || f.NArg() > 0 {
		return errors.New("-o is text or json, -rounds at least 1, -gb above 0, and there are no other arguments")
	}
	for _, path := range []*string{&cfg.binary, &cfg.parent} { // the processes run in folders of their own
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	if cfg.quick {
		cfg.rounds, cfg.gb = 1, min(cfg.gb, 1)
	}
	if profile != "" {
		file, err := os.Create(profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer func() {
			pprof.StopCPUProfile()
			err = errors.Join(err, file.Close())
		}()
	}
	rep, err := measure(ctx, cfg)
	if err != nil {
		return err
	}
	if output == "json" {
		err = rep.json(stdout)
	} else {
		out, ok := stdout.(*os.File)
		err = rep.text(stdout, ok && term.IsTerminal(int(out.Fd())))
	}
	if err == nil && len(rep.Failed) > 0 {
		err = fmt.Errorf("%d measurements could not be made", len(rep.Failed))
	}
	return err
}
