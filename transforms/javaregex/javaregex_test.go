package javaregex

import (
	"strings"
	"testing"
	"unsafe"
)

func TestWhatNoEngineCanDoIsRefused(t *testing.T) {
	for _, expr := range []string{`\G`, `\X`, `\N{DIGIT ONE}`, `\b{g}`, `\p{InGreek}`, `(?U)a`, `(?c)a`, `(?i)(a)\1`, `(?<=a|(b){1,2})c`} {
		if _, err := Compile(expr); err == nil || !strings.Contains(err.Error(), "is not supported by Kurier's regular expressions") {
			t.Errorf("%s: %v", expr, err)
		}
	}
}

func TestAMatchEnds(t *testing.T) {
	p, err := Compile(`(?!x)(a|aa)+\1$`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Matches(strings.Repeat("a", 100) + "b"); err == nil || !strings.Contains(err.Error(), "took too long") {
		t.Errorf("%v, want an error", err)
	}
}

func TestUsualExpressionsAreLinear(t *testing.T) {
	for _, expr := range []string{`(.*)`, `([^.]+)\.([^.]+)\.([^.]+)`, `^db\.(?<table>\w+)$`, `(?i)foo[\w&&[^\d]]*`, `\Qa.b\E.*`, `\p{Alpha}+?`} {
		p, err := Compile(expr)
		if err != nil || p.fast == nil {
			t.Errorf("%s: %v", expr, err)
		}
	}
}

func TestARouterRemembers(t *testing.T) {
	r, err := NewRouter(`(?!skip)(\w+)\.(.*)`, "$2-$1")
	if err != nil {
		t.Fatal(err)
	}
	buf := []byte("a.b")
	for range 3 {
		to, ok, err := r.Route(unsafe.String(&buf[0], len(buf)))
		if to != "b-a" || !ok || err != nil {
			t.Fatal(to, ok, err)
		}
	}
	buf[0] = 'x' // what is remembered does not alias the caller's memory
	if to, _, _ := r.Route("a.b"); to != "b-a" {
		t.Error(to)
	}
	if to, ok, err := r.Route("skip.b"); to != "skip.b" || ok || err != nil {
		t.Error(to, ok, err)
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`(a|b)*+\1`, `[a-c&&[^b]]{2,}?`, `(?<n>\p{L})\k<n>`, `\Qx\E$`, `(?x) a # b`} {
		f.Add(s, "aab")
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		p, err := Compile(expr)
		if err != nil {
			return
		}
		if m, err := p.find(text); err == nil && m != nil && (m[0] < 0 || m[1] < m[0] || m[1] > len(text)) {
			t.Errorf("%q in %q: %v", expr, text, m)
		}
	})
}

func TestReplacementsAreJavas(t *testing.T) {
	for _, tc := range []struct{ expr, s, with, want string }{
		{`(t)(.*)`, "topic", "$10-$2", "t0-opic"},
		{`o`, "foo", "0", "f0o"},
		{`x`, "foo", "0", "foo"},
		{`(?<a>f)(x)?`, "foo", `${a}$2\$\\`, `f$\oo`},
		{`f`, "foo", "$", "!Illegal group reference: group index is missing"},
		{`f`, "foo", "$x", "!Illegal group reference"},
		{`f`, "foo", "$1", "!No group 1"},
		{`f`, "foo", "${a}", "!No group with name {a}"},
		{`f`, "foo", "${a", "!named capturing group is missing trailing '}'"},
		{`f`, "foo", `\`, "!character to be escaped is missing"},
	} {
		p, err := Compile(tc.expr)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.ReplaceFirst(tc.s, tc.with)
		if err != nil {
			got = "!" + err.Error()
		}
		if got != tc.want {
			t.Errorf("%s in %s with %s: %s, want %s", tc.expr, tc.s, tc.with, got, tc.want)
		}
	}
}
