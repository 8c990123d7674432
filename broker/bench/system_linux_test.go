package main

import (
	"os"
	"testing"
	"time"
)

func TestParseUsage(t *testing.T) {
	const stat = "4321 (a) S 1 (b) S 1 4321 4321 0 -1 4194560 2000 0 0 0 1234 66 0 0 20 0 9 0 100 200 300"
	const status = "Name:\tkurier\nVmHWM:\t  9999 kB\nVmRSS:\t  2048 kB\n"
	u, ok := parseUsage([]byte(stat), []byte(status))
	if want := (usage{cpu: 13 * time.Second, resident: 2 << 20}); !ok || u != want {
		t.Errorf("%+v, %v; want %+v", u, ok, want)
	}
	for name, in := range map[string][2]string{"short stat": {"1 (a) S 1", status}, "no memory": {stat, "Name:\tzombie\n"}, "nothing": {"", ""}} {
		if u, ok := parseUsage([]byte(in[0]), []byte(in[1])); ok {
			t.Errorf("%s: %+v", name, u)
		}
	}
	if u, ok := usageOf(os.Getpid()); !ok || u.resident == 0 {
		t.Errorf("of this process: %+v, %v", u, ok)
	}
}
