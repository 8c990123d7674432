package javaregex

import "strings"

// A flags is the set of flags in force.
type flags uint8

const (
	foldCase  flags = 1 << iota // i
	multiline                   // m
	dotAll                      // s
	unixLines                   // d
	unicodes                    // u
	comments                    // x
)

// quoted marks code points between \Q and \E, which mean only themselves.
const quoted = 1 << 30

// A parser reads Java's grammar, and fails with Java's texts. Errors travel as panics of *syntaxError within the package.
type parser struct {
	text   string
	in     []rune
	at     int
	flags  flags
	groups int
	names  map[string]int
}

// eof stands behind the last code point.
const eof = -1

func parse(text string) (n *node, p *parser, err error) {
	defer func() {
		if e, ok := recover().(error); ok {
			err = e
			if _, ours := e.(*syntaxError); !ours {
				panic(e)
			}
		}
	}()
	p = &parser{text: text, in: unquote(text), names: map[string]int{}}
	n = p.alternation()
	if p.at < len(p.in) {
		p.fail("Unmatched closing ')'")
	}
	return n, p, nil
}

// unquote marks what stands between \Q and \E.
func unquote(text string) []rune {
	rs := []rune(text)
	out := make([]rune, 0, len(rs))
	in := false
	for i := 0; i < len(rs); i++ {
		pair := ""
		if i+1 < len(rs) {
			pair = string(rs[i : i+2])
		}
		switch {
		case in && pair == `\E`:
			in = false
			i++
		case in:
			out = append(out, rs[i]|quoted)
		case pair == `\Q`:
			in = true
			i++
		case rs[i] == '\\' && pair != "":
			out = append(out, rs[i], rs[i+1])
			i++
		default:
			out = append(out, rs[i])
		}
	}
	return out
}

func (p *parser) char(i int) rune {
	if i >= len(p.in) {
		return eof
	}
	return p.in[i]
}

// peek looks at the next code point, past white space and comments under x.
func (p *parser) peek() rune {
	if p.flags&comments != 0 {
		p.skipSpace()
	}
	return p.char(p.at)
}

func (p *parser) skipSpace() {
	for {
		switch c := p.char(p.at); {
		case c >= 0 && c < quoted && (blanks.has(c)):
			p.at++
		case c == '#':
			for p.at < len(p.in) && !p.lineEnd(p.in[p.at]) {
				p.at++
			}
		default:
			return
		}
	}
}

func (p *parser) lineEnd(c rune) bool {
	if p.flags&unixLines != 0 {
		return c == '\n'
	}
	return lineEnds.has(c)
}

// advance steps over a code point and peeks at the next.
func (p *parser) advance() rune {
	p.at++
	return p.peek()
}

func (p *parser) alternation() *node {
	n := p.sequence()
	if p.peek() != '|' {
		return n
	}
	alt := &node{op: opAlternate, subs: []*node{n}}
	for p.peek() == '|' {
		p.at++
		alt.subs = append(alt.subs, p.sequence())
	}
	return alt
}

func (p *parser) sequence() *node {
	seq := &node{op: opConcat}
	for {
		var n *node
		switch c := p.peek(); c {
		case eof, '|', ')':
			return seq
		case '(':
			if n = p.group(); n == nil { // only flags
				continue
			}
		case '[':
			n = &node{set: p.class(true)}
		case '\\':
			n = p.escaped()
		case '^':
			p.at++
			if n = (&node{op: opBegin}); p.flags&multiline != 0 {
				n = &node{op: opBeginLine, unix: p.flags&unixLines != 0}
			}
		case '$':
			p.at++
			n = p.dollar(p.flags&multiline != 0)
		case '.':
			p.at++
			n = p.dot()
		case '?', '*', '+':
			p.at++
			p.fail("Dangling meta character '" + string(c) + "'")
		case '{':
			n = &node{op: opConcat} // nothing, which closure repeats or complains about
		default:
			p.at++
			n = p.literal(c &^ quoted)
		}
		seq.subs = append(seq.subs, p.closure(n))
	}
}

func (p *parser) dollar(multi bool) *node {
	n := &node{op: opEndFinal, unix: p.flags&unixLines != 0}
	if multi {
		n.op = opEndLine
	}
	return n
}

func (p *parser) dot() *node {
	switch {
	case p.flags&dotAll != 0:
		return &node{set: posix["all"]}
	case p.flags&unixLines != 0:
		return &node{set: chars('\n').negate()}
	}
	return &node{set: lineEnds.negate()}
}

func (p *parser) literal(c rune) *node { return &node{set: p.folded(chars(c))} }

// folded applies the flags i and u to a set that came from characters and ranges.
func (p *parser) folded(s set) set {
	switch {
	case p.flags&foldCase == 0:
		return s
	case p.flags&unicodes != 0:
		return s.foldUnicode()
	}
	return s.foldASCII()
}

// closure reads the quantifier behind an atom. There is at most one.
func (p *parser) closure(atom *node) *node {
	least, most := 0, unbounded
	switch p.peek() {
	case '?':
		most = 1
	case '*':
	case '+':
		least = 1
	case '{':
		least, most = p.counted()
	default:
		return atom
	}
	n := &node{op: opRepeat, subs: []*node{atom}, min: least, max: most}
	switch p.advance() {
	case '?':
		n.mode = lazy
		p.at++
	case '+':
		n.mode = possessive
		p.at++
	}
	return n
}

// counted reads {n}, {n,} or {n,m} up to the closing brace.
func (p *parser) counted() (least, most int) {
	p.at++
	if c := p.char(p.at); c < '0' || c > '9' {
		p.at++
		p.fail("Illegal repetition")
	}
	least = p.count()
	most = least
	if p.char(p.at) == ',' {
		p.at++
		most = unbounded
		if p.char(p.at) != '}' {
			most = p.count()
		}
	}
	if p.char(p.at) != '}' {
		p.at++
		p.fail("Unclosed counted closure")
	}
	if most < least {
		p.at++
		p.fail("Illegal repetition range")
	}
	return least, most
}

func (p *parser) count() (n int) {
	for ; p.char(p.at) >= '0' && p.char(p.at) <= '9'; p.at++ {
		if n = n*10 + int(p.char(p.at)-'0'); n >= unbounded {
			p.fail("Illegal repetition range")
		}
	}
	return n
}

// A syntaxError is what is wrong with an expression, in Java's words where it is wrong there too.
type syntaxError struct{ text string }

func (e *syntaxError) Error() string { return e.text }

// fail reports an error before the place that was reached, as PatternSyntaxException.getMessage prints it.
func (p *parser) fail(what string) {
	at := p.at - 1
	text := what
	if at >= 0 {
		text += " near index " + itoa(at)
	}
	text += "\n" + p.text
	if at >= 0 && at < len([]rune(p.text)) {
		text += "\n" + strings.Repeat(" ", at) + "^"
	}
	panic(&syntaxError{text})
}

// refuse reports what Java has and neither engine can do.
func (p *parser) refuse(what string) {
	panic(&syntaxError{what + " is not supported by Kurier's regular expressions (rewrite the expression without it)\n" + p.text})
}
