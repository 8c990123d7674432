package javaregex

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// patience bounds a match of the engine that backtracks, so that no text can hang a task.
const patience = time.Second

// A Pattern is a compiled expression. It is safe for concurrent use.
type Pattern struct {
	fast   *engine // linear; nil: it cannot say the expression
	slow   *engine // nil: fast is always right
	groups int
	names  map[string]int
	lines  bool // fast is right only for texts that are one line and not empty
}

// An engine is one of the libraries, with the expression as it finds and as it matches everything.
type engine struct {
	linear [2]*regexp.Regexp
	back   [2]*regexp2.Regexp
}

const (
	finding = iota
	matching
)

// Compile compiles an expression. Errors are those of java.util.regex.Pattern, and what Kurier does not support.
func Compile(expr string) (*Pattern, error) {
	n, p, err := parse(expr)
	if err != nil {
		return nil, fmt.Errorf("Invalid regex: %w", err) //nolint:staticcheck,revive // Java's text
	}
	out := &Pattern{groups: p.groups, names: p.names}
	out.lines = n.any(func(n *node) bool { return n.op == opBeginLine || n.op == opEndFinal || n.op == opEndLine })
	if !n.any(backtracks) {
		out.fast = linear(n)
	}
	if out.fast == nil || out.lines {
		if out.slow, err = backtracking(n, p.groups); err != nil {
			return nil, fmt.Errorf("Invalid regex: %w", err) //nolint:staticcheck,revive // Java's text
		}
	}
	return out, nil
}

// Check is Compile for the validation of a configuration key.
func Check(expr string) error {
	_, err := Compile(expr)
	return err
}

// backtracks tells what only a backtracking engine can do.
func backtracks(n *node) bool {
	switch n.op {
	case opLook, opAtomic, opReference:
		return true
	case opRepeat:
		// Which empty repetitions leave a trace in groups differs.
		least, _ := n.subs[0].lengths()
		return n.mode == possessive || least == 0 && n.subs[0].any(func(n *node) bool { return n.op == opCapture })
	}
	return false
}

// linear returns nil for what is too large for the standard library.
func linear(n *node) *engine {
	e := emitter{re2: true}
	e.node(n)
	var out engine
	for i, text := range [2]string{e.String(), `\A(?:` + e.String() + `)\z`} {
		re, err := regexp.Compile(text)
		if err != nil {
			return nil
		}
		out.linear[i] = re
	}
	return &out
}

func backtracking(n *node, groups int) (*engine, error) {
	e := emitter{groups: groups}
	e.node(n)
	var out engine
	for i, text := range [2]string{e.String(), `\A(?:` + e.String() + `)\z`} {
		re, err := regexp2.Compile(text, regexp2.None)
		if err != nil {
			return nil, fmt.Errorf("%w (write a simpler expression)", err)
		}
		re.MatchTimeout = patience
		out.back[i] = re
	}
	return &out, nil
}

// Matches reports whether all of s matches. The error says that the expression takes too long.
func (p *Pattern) Matches(s string) (bool, error) {
	m, err := p.run(s, matching)
	return m != nil, err
}

// find returns the first match and its groups as pairs of byte offsets, -1 for groups without one; nil: there is no match.
func (p *Pattern) find(s string) ([]int, error) { return p.run(s, finding) }

func (p *Pattern) run(s string, how int) ([]int, error) {
	if p.fast != nil && (!p.lines || oneLine(s)) {
		return p.fast.linear[how].FindStringSubmatchIndex(s), nil
	}
	m, err := p.slow.back[how].FindStringMatch(s)
	if err != nil {
		return nil, fmt.Errorf("matching %q took too long: %w (write an expression with fewer ways to match the same text)", bounded(s), err)
	}
	if m == nil {
		return nil, nil
	}
	out := make([]int, 2*(p.groups+1))
	for i := range p.groups + 1 {
		out[2*i], out[2*i+1] = -1, -1
		if g := m.GroupByNumber(i); g != nil && len(g.Captures) > 0 {
			at, n := g.ByteRange()
			out[2*i], out[2*i+1] = at, at+n
		}
	}
	return out, nil
}

func bounded(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

func oneLine(s string) bool { return s != "" && strings.IndexFunc(s, lineEnds.has) < 0 }
