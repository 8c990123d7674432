//go:build interop

// Package interop proves that the included broker works with the clients that people have: it starts the real binary and drives real clients as
// processes of their own. The script .ci/interop installs the clients and runs it.
package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What the processes of one run share lies in the environment.
const (
	binaryVar  = "INTEROP_KURIER"  // the binary under test
	cacheVar   = "INTEROP_CACHE"   // where .ci/interop put the clients
	resultsVar = "INTEROP_RESULTS" // the file that gets one line per check
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if os.Getenv(binaryVar) == "" {
		bin := filepath.Join(dir, "kurier")
		build := exec.Command("go", "build", "-o", bin, "../cmd/kurier")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building kurier: %v\n%s", err, out)
			return 1
		}
		os.Setenv(binaryVar, bin)
	}
	if os.Getenv(cacheVar) == "" {
		cache, err := filepath.Abs("../.cache/interop")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		os.Setenv(cacheVar, cache)
	}
	if os.Getenv(resultsVar) == "" {
		os.Setenv(resultsVar, filepath.Join(dir, "results"))
	}
	code := m.Run()
	if err := printTable(os.Stdout, os.Getenv(resultsVar)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// cached returns a path in the cache, and whether it is there.
func cached(elem ...string) (string, bool) {
	p := filepath.Join(append([]string{os.Getenv(cacheVar)}, elem...)...)
	_, err := os.Stat(p)
	return p, err == nil
}
