//go:build unix

package plugintest

import "syscall"

func kill(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) }
