// Command kurier is Kafka Connect without the JVM: broker, worker and connectors in one binary. It has no logic of its own: each subcommand
// turns flags and files into the configuration of a package.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kurier-io/kurier/broker"
	"github.com/kurier-io/kurier/runtime/app"
	"github.com/kurier-io/kurier/runtime/settings"
)

// Exit codes.
const (
	exitOK          = 0
	exitRuntime     = 1
	exitUsage       = 2 // usage or validation
	exitEnvironment = 3 // a locked directory, a taken port
)

// gcPercent trades memory under load for speed: batches are short-lived garbage of a megabyte each. An idle process is as small as before; GOGC
// overrides it.
const gcPercent = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	root := &cobra.Command{
		Use:           "kurier",
		Short:         "Kafka Connect without the JVM: broker, worker and connectors in one binary",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(devCommand(), brokerCommand(), registryCommand(), distributedCommand(), standaloneCommand(), pluginCommand(), tailCommand(), benchCommand(), verifyCommand(), versionCommand())
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(os.Stderr, "kurier: "+err.Error())
	return exitCode(err)
}

// A usageError is a wrong flag, argument or file.
type usageError struct{ error }

func (u *usageError) Unwrap() error { return u.error }

func exitCode(err error) int {
	if _, ok := errors.AsType[*broker.LockedError](err); ok {
		return exitEnvironment
	}
	if _, ok := errors.AsType[*broker.ListenError](err); ok {
		return exitEnvironment
	}
	if _, ok := errors.AsType[*app.ListenError](err); ok {
		return exitEnvironment
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*settings.Error](err); ok {
		return exitUsage
	}
	return exitRuntime
}
