//go:build !linux

package main

import (
	"math"
	"os"
	"os/exec"
	"time"
)

// startProcess starts cmd; done is closed when it has ended.
func startProcess(cmd *exec.Cmd) (done chan struct{}, err error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	done = make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // How it ended is in cmd.ProcessState.
	}()
	return done, nil
}

// usageOf knows nothing without /proc: rows of CPU and memory are left out.
func usageOf(int) (usage, bool) { return usage{}, false }

func machineBusy() (time.Duration, bool) { return 0, false }

func ownCPU() time.Duration { return 0 }

func datasync(f *os.File) error { return f.Sync() }

// settle does nothing: what is dirty is written back by the system in its time.
func settle() {}

// freeSpace does not know, and lets the caller's size stand.
func freeSpace(string) (int64, error) { return math.MaxInt64, nil }

func loadAverage() string { return "unknown" }
