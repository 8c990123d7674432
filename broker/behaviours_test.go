package broker_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestBehavioursNameTestsThatExist keeps the table of behaviours true.
func TestBehavioursNameTestsThatExist(t *testing.T) {
	table, err := os.ReadFile("behaviours.go")
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]string{"": ".", "interop": "../interop"}
	sources := map[string]string{}
	source := func(folder string) string {
		dir, ok := folders[folder]
		if !ok {
			dir = folder
		}
		if sources[dir] == "" {
			files, err := filepath.Glob(dir + "/*_test.go")
			if err != nil || len(files) == 0 {
				t.Fatalf("no tests in %s (%v)", dir, err)
			}
			for _, f := range files {
				b, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				sources[dir] += string(b)
			}
		}
		return sources[dir]
	}
	rows, named := 0, 0
	for line := range strings.Lines(string(table)) {
		if !regexp.MustCompile(`^//\t[A-Z]{2}-\d\d`).MatchString(line) {
			continue
		}
		rows++
		if strings.Contains(line, "cmd/kurier:") {
			continue
		}
		for _, m := range regexp.MustCompile(`(?:([a-z/]+)\.)?((?:Test|Fuzz)[A-Z]\w+)`).FindAllStringSubmatch(line, -1) {
			named++
			if !strings.Contains(source(m[1]), "func "+m[2]+"(") {
				t.Errorf("%s.%s does not exist: %s", m[1], m[2], strings.TrimSpace(line))
			}
		}
	}
	if rows != 72 || named < 80 { // SR-01 and SR-02 share a row
		t.Errorf("%d rows name %d tests", rows, named)
	}
}
