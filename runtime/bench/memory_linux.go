package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// family returns the memory of a process and of the plugin processes that it has started. Processes that end meanwhile are left out.
func family(pid int) []usage {
	out := []usage{}
	if u, ok := memoryOf(pid); ok {
		out = append(out, u)
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return out
	}
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil || parentOf(child) != pid {
			continue
		}
		name := pluginName(child)
		if u, ok := memoryOf(child); ok && name != "" {
			u.name = name
			out = append(out, u)
		}
	}
	return out
}

// parentOf reads the fourth field of stat; the second is a name in parentheses that may hold anything.
func parentOf(pid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // An error: the process is gone.
	_, rest, ok := bytes.Cut(b[max(0, bytes.LastIndexByte(b, ')')):], []byte(") "))
	fields := bytes.Fields(rest)
	if !ok || len(fields) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(string(fields[1])) // The kernel writes numbers.
	return n
}

// pluginName is the NAME of `kurier plugin serve NAME`; empty for everything else, a child before its exec among them.
func pluginName(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // An error: the process is gone.
	args := bytes.Split(bytes.TrimRight(b, "\x00"), []byte{0})
	if len(args) == 4 && string(args[1]) == "plugin" && string(args[2]) == "serve" {
		return string(args[3])
	}
	return ""
}

func memoryOf(pid int) (usage, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return usage{}, false
	}
	u := usage{now: kilobytes(b, "VmRSS:"), peak: kilobytes(b, "VmHWM:")}
	return u, u.peak > 0
}

func kilobytes(status []byte, key string) uint64 {
	for line := range bytes.Lines(status) {
		rest, ok := bytes.CutPrefix(line, []byte(key))
		if fields := bytes.Fields(rest); ok && len(fields) > 0 {
			n, _ := strconv.ParseUint(string(fields[0]), 10, 64) // The kernel writes numbers.
			return n << 10
		}
	}
	return 0
}
