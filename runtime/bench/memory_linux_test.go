package bench

import (
	"os"
	"testing"
)

func TestMemoryOfThisProcess(t *testing.T) {
	f := family(os.Getpid())
	if len(f) != 1 || f[0].name != "" || f[0].now < 1<<20 || f[0].peak < f[0].now {
		t.Errorf("%+v", f)
	}
	if p := parentOf(os.Getpid()); p != os.Getppid() {
		t.Errorf("parent %d, want %d", p, os.Getppid())
	}
	if got := kilobytes([]byte("VmPeak:\t  9 kB\nVmHWM:\t   1234 kB\nVmRSS:\t 5 kB\n"), "VmHWM:"); got != 1234<<10 {
		t.Errorf("%d", got)
	}
	if got := family(1 << 30); len(got) != 0 {
		t.Errorf("a process that is not there: %+v", got)
	}
}
