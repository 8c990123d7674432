package bench

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startProcess starts cmd in a process group of its own, so that Ctrl-C reaches it through the bench only, and lets the kernel end it when the bench dies.
// That happens when the thread which started it ends, so the thread is kept until the process has ended, which closes done.
func startProcess(cmd *exec.Cmd) (done chan struct{}, err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	done = make(chan struct{})
	started := make(chan error)
	go func() {
		defer close(done)
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // How it ended shows in its log.
		}
	}()
	return done, <-started
}
