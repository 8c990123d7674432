//go:build !linux

package cluster

import (
	"os"
	"os/exec"
)

// account is the fallback: the server runs as the user of this process.
type account struct{}

func unprivileged(string) (account, error) { return account{}, nil }

func (account) own(string) error { return nil }

func (account) run(*exec.Cmd) {}

type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd, make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // How it ended shows in its log.
	}()
	return p, nil
}

func (p *process) stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		_ = p.cmd.Process.Kill() // An error means that it has ended.
	}
	<-p.done
	return nil
}
