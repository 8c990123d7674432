//go:build !linux

package bench

import "os/exec"

// startProcess is the fallback: the process is ended by the bench only.
func startProcess(cmd *exec.Cmd) (done chan struct{}, err error) {
	done = make(chan struct{})
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(done)
		_ = cmd.Wait() // How it ended shows in its log.
	}()
	return done, nil
}
