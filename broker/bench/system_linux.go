package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit of CPU times in /proc; Linux shows USER_HZ = 100 on every architecture that Go runs on.
const tick = 10 * time.Millisecond

// startProcess starts cmd in a process group of its own, so that Ctrl-C reaches it through the bench only, and lets the kernel end it when
// the bench dies. That happens when the thread which started it ends, so the thread is kept until the process has ended, which closes done.
func startProcess(cmd *exec.Cmd) (done chan struct{}, err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	done = make(chan struct{})
	started := make(chan error)
	go func() {
		defer close(done)
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // How it ended is in cmd.ProcessState.
		}
	}()
	return done, <-started
}

// usageOf returns what a process uses now; ok is false when it is gone.
func usageOf(pid int) (u usage, ok bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return usage{}, false
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return usage{}, false
	}
	return parseUsage(stat, status)
}

// parseUsage reads utime and stime, fields 14 and 15 of stat, whose second field is a name in parentheses that may hold anything.
func parseUsage(stat, status []byte) (u usage, ok bool) {
	fields := bytes.Fields(stat[max(0, bytes.LastIndexByte(stat, ')')):])
	if len(fields) < 14 {
		return usage{}, false
	}
	for _, f := range fields[12:14] {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return usage{}, false
		}
		u.cpu += time.Duration(n) * tick
	}
	for l := range bytes.Lines(status) {
		if rest, found := bytes.CutPrefix(l, []byte("VmRSS:")); found {
			if f := bytes.Fields(rest); len(f) > 0 {
				n, err := strconv.ParseInt(string(f[0]), 10, 64)
				u.resident, ok = n<<10, err == nil
			}
		}
	}
	return u, ok
}

// machineBusy is the CPU time that everything on the machine has used since it started.
func machineBusy() (time.Duration, bool) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, false
	}
	first, _, _ := strings.Cut(string(b), "\n")
	fields := strings.Fields(first)
	if len(fields) < 8 || fields[0] != "cpu" {
		return 0, false
	}
	busy := time.Duration(0)
	for i, f := range fields[1:8] { // user nice system idle iowait irq softirq
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, false
		}
		if i != 3 && i != 4 {
			busy += time.Duration(n) * tick
		}
	}
	return busy, true
}

// ownCPU is the CPU time of the bench and of the processes that it has waited for.
func ownCPU() time.Duration {
	total := time.Duration(0)
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var r unix.Rusage
		if unix.Getrusage(who, &r) == nil {
			total += time.Duration(r.Utime.Nano() + r.Stime.Nano())
		}
	}
	return total
}

// datasync makes the data of f durable, and of its metadata what is needed to read them.
func datasync(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }

// settle writes back what earlier measurements left in the page cache.
func settle() { unix.Sync() }

// freeSpace is what an ordinary user may still write in dir.
func freeSpace(dir string) (int64, error) {
	var st unix.Statfs_t
	err := unix.Statfs(dir, &st)
	return int64(st.Bavail) * int64(st.Bsize), err
}

func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(b)); err == nil && len(f) >= 3 {
		return strings.Join(f[:3], " ")
	}
	return "unknown"
}
