package javaregex

import (
	"fmt"
	"strings"
	"unicode"
)

// An emitter writes a tree in the syntax of an engine.
type emitter struct {
	strings.Builder
	re2    bool
	groups int // of the expression
}

const anything = `[\s\S]`

func (e *emitter) node(n *node) {
	switch n.op {
	case opSet:
		e.set(n.set)
	case opConcat:
		for _, s := range n.subs {
			if s.op == opAlternate {
				e.group("(?:", s)
			} else {
				e.node(s)
			}
		}
	case opAlternate:
		for i, s := range n.subs {
			if i > 0 {
				e.WriteByte('|')
			}
			e.node(s)
		}
	case opCapture:
		e.group("(", n.subs[0])
	case opAtomic:
		e.group("(?>", n.subs[0])
	case opLook:
		open := map[bool]string{false: "(?", true: "(?<"}[n.behind] + map[bool]string{false: "=", true: "!"}[n.negative]
		e.group(open, n.subs[0])
	case opRepeat:
		e.repeat(n)
	case opReference:
		if n.n > e.groups { // a group that does not exist has no text
			e.WriteString("(?!)")
		} else {
			fmt.Fprintf(e, `(?:\%d)`, n.n)
		}
	case opWordBound, opNoWordBound:
		e.bound(n.op == opNoWordBound)
	default:
		e.anchor(n)
	}
}

func (e *emitter) group(open string, n *node) {
	e.WriteString(open)
	e.node(n)
	e.WriteByte(')')
}

func (e *emitter) repeat(n *node) {
	switch sub := n.subs[0]; {
	case n.mode == possessive: // each time round is final too
		e.WriteString("(?>")
		defer e.WriteByte(')')
		e.group("(?>", sub)
	case sub.op == opSet, sub.op == opCapture:
		e.node(sub)
	default:
		e.group("(?:", sub)
	}
	switch {
	case n.max == unbounded && n.min < 2:
		e.WriteByte("*+"[n.min])
	case n.max == unbounded:
		fmt.Fprintf(e, "{%d,}", n.min)
	case n.min == 0 && n.max == 1:
		e.WriteByte('?')
	default:
		fmt.Fprintf(e, "{%d,%d}", n.min, n.max)
	}
	if n.mode == lazy {
		e.WriteByte('?')
	}
}

// bound writes \b by what stands on both sides; the engines' own differ in what a word is.
func (e *emitter) bound(not bool) {
	if e.re2 {
		e.WriteString(map[bool]string{false: `\b`, true: `\B`}[not])
		return
	}
	const w = `[0-9A-Z_a-z]`
	if not {
		e.WriteString("(?:(?<=" + w + ")(?=" + w + ")|(?<!" + w + ")(?!" + w + "))")
	} else {
		e.WriteString("(?:(?<=" + w + ")(?!" + w + ")|(?<!" + w + ")(?=" + w + "))")
	}
}

// anchor writes lines' and texts' ends. For RE2 the text has no line ends, so that a line is all of it.
func (e *emitter) anchor(n *node) {
	begin := n.op == opBegin || n.op == opBeginLine
	switch {
	case e.re2 && begin, n.op == opBegin:
		e.WriteString(`\A`)
	case e.re2, n.op == opEnd:
		e.WriteString(`\z`)
	case n.op == opBeginLine && n.unix:
		e.WriteString(`(?:\A|(?<=\n))(?=` + anything + `)`)
	case n.op == opBeginLine:
		e.WriteString(`(?:\A|(?<=[\n\u0085\u2028\u2029])|(?<=\r)(?!\n))(?=` + anything + `)`)
	case n.op == opEndFinal && n.unix:
		e.WriteString(`(?=\n?\z)`)
	case n.op == opEndFinal:
		e.WriteString(`(?=(?:\r\n|(?<!\r)\n|[\r\u0085\u2028\u2029])?\z)`)
	case n.unix:
		e.WriteString(`(?=\n|\z)`)
	default:
		e.WriteString(`(?=(?<!\r)\n|[\r\u0085\u2028\u2029]|\z)`)
	}
}

// set writes a class; surrogates, which no text of Go has, are left out.
func (e *emitter) set(s set) {
	s = s.and(between(0xD800, 0xDFFF).negate())
	if len(s) == 0 {
		if e.re2 {
			e.WriteString(`[^\x00-\x{10FFFF}]`)
		} else {
			e.WriteString(`(?!)`)
		}
		return
	}
	if len(s) == 1 && s[0].lo == s[0].hi {
		e.char(s[0].lo)
		return
	}
	e.WriteByte('[')
	for _, r := range s {
		e.char(r.lo)
		if r.hi > r.lo {
			e.WriteByte('-')
			e.char(r.hi)
		}
	}
	e.WriteByte(']')
}

func (e *emitter) char(r rune) {
	switch {
	case r < unicode.MaxASCII && (letters.has(r) || digits.has(r)), r == '_':
		e.WriteRune(r)
	case r > 0xffff && !e.re2:
		e.WriteRune(r)
	case e.re2:
		fmt.Fprintf(e, `\x{%x}`, r)
	default:
		fmt.Fprintf(e, `\u%04x`, r)
	}
}
