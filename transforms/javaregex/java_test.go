package javaregex

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
)

type javaCase struct {
	Pattern string  `json:"p"`
	Error   string  `json:"e"`
	Results [][]any `json:"r"` // text, whether all of it matches, where the first match begins, its groups
}

// TestAgainstJava compares with what Java 17 answered; KURIER_JAVA_REGEX names a larger file of the same form.
func TestAgainstJava(t *testing.T) {
	name := "testdata/java17.jsonl.gz"
	if other := os.Getenv("KURIER_JAVA_REGEX"); other != "" {
		name = other
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	patterns, results, refused, stale := 0, 0, 0, 0
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c javaCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		patterns++
		p, err := Compile(c.Pattern)
		switch {
		case err != nil && strings.Contains(err.Error(), "is not supported by Kurier"):
			refused++
			continue
		case c.Error != "":
			if err == nil {
				t.Errorf("%q compiles, want %q", c.Pattern, c.Error)
			} else if got := strings.TrimPrefix(err.Error(), "Invalid regex: "); got != c.Error {
				t.Errorf("%q:\n got %q\nwant %q", c.Pattern, got, c.Error)
			}
			continue
		case err != nil:
			t.Errorf("%q: %v", c.Pattern, err)
			continue
		}
		for _, r := range c.Results {
			results++
			stale += compare(t, c.Pattern, p, r)
		}
	}
	if patterns < 900 || results < 10_000 || refused*20 > patterns || stale*100 > results {
		t.Errorf("%d patterns, %d results, %d refused, %d with a stale group", patterns, results, refused, stale)
	}
}

// compare returns 1 where Java left a group with the text of an attempt that failed, which no other engine does.
func compare(t *testing.T, expr string, p *Pattern, r []any) (stale int) {
	t.Helper()
	text := r[0].(string)
	if (strings.Contains(expr, `\b`) || strings.Contains(expr, `\B`)) && strings.IndexFunc(text, func(r rune) bool { return r > 127 }) >= 0 {
		return 0 // Java 19 changed what a word is
	}
	if expr == "($)*" {
		return 0 // Java does not set the group, though it does for (^)* and (a*)*
	}
	if got, err := p.Matches(text); err != nil || got != r[1].(bool) {
		t.Errorf("%q matches %q: %v %v, want %v", expr, text, got, err, r[1])
	}
	m, err := p.find(text)
	if err != nil || (m == nil) != (len(r) == 2) {
		t.Errorf("%q in %q: %v %v, want %v", expr, text, m, err, r[2:])
		return 0
	}
	if m == nil {
		return 0
	}
	if at := len([]rune(text[:m[0]])); at != int(r[2].(float64)) {
		t.Errorf("%q in %q at %d, want %v", expr, text, at, r[2])
		return 0
	}
	for i, want := range r[3:] {
		var got any
		if m[2*i] >= 0 {
			got = text[m[2*i]:m[2*i+1]]
		}
		if got == nil && want != nil {
			stale = 1
		} else if got != want {
			t.Errorf("%q in %q: group %d is %v, want %v", expr, text, i, got, want)
		}
	}
	return stale
}
