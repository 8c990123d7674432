package javaregex

import "unicode"

// escaped reads what begins with a backslash, outside of a class.
func (p *parser) escaped() *node {
	switch c := p.char(p.at + 1); c {
	case 'p', 'P':
		return &node{set: p.family()}
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.reference()
	case 'k':
		p.at += 2
		if p.char(p.at) != '<' {
			p.at++
			p.fail(`\k is not followed by '<' for named capturing group`)
		}
		p.at++
		name := p.groupName()
		n, ok := p.names[name]
		if !ok {
			p.fail("named capturing group <" + name + "> does not exist")
		}
		return p.backTo(n)
	case 'A':
		p.at += 2
		return &node{op: opBegin}
	case 'z':
		p.at += 2
		return &node{op: opEnd}
	case 'Z':
		p.at += 2
		return p.dollar(false)
	case 'b', 'B':
		p.at += 2
		if c == 'B' {
			return &node{op: opNoWordBound}
		}
		if p.char(p.at) == '{' {
			p.refuse(`\b{…}`)
		}
		return &node{op: opWordBound}
	case 'R':
		p.at += 2
		return &node{op: opAlternate, subs: []*node{
			{op: opConcat, subs: []*node{{set: chars('\r')}, {set: chars('\n')}}}, {set: vertical},
		}}
	case 'G', 'X':
		p.refuse(`\` + string(c))
	}
	if c, s := p.escape(false, false); c < 0 {
		return &node{set: s}
	} else {
		return p.literal(c)
	}
}

// reference reads \n: as many digits as there are groups for so far.
func (p *parser) reference() *node {
	p.at++
	n := int(p.char(p.at) - '0')
	for p.at++; p.char(p.at) >= '0' && p.char(p.at) <= '9'; p.at++ {
		next := n*10 + int(p.char(p.at)-'0')
		if next > p.groups {
			break
		}
		n = next
	}
	return p.backTo(n)
}

func (p *parser) backTo(n int) *node {
	if p.flags&foldCase != 0 {
		p.refuse("a back-reference under (?i)")
	}
	return &node{op: opReference, n: n}
}

// escape reads an escape that stands for a character, or for a set (then the character is negative).
func (p *parser) escape(inClass, inRange bool) (rune, set) {
	p.at++
	c := p.char(p.at)
	p.at++
	switch c {
	case '0':
		return p.octal(), nil
	case 'd':
		return eof, digits
	case 'D':
		return eof, digits.negate()
	case 'h':
		return eof, horizontal
	case 'H':
		return eof, horizontal.negate()
	case 's':
		return eof, blanks
	case 'S':
		return eof, blanks.negate()
	case 'v':
		if inRange {
			return '\v', nil
		}
		return eof, vertical
	case 'V':
		return eof, vertical.negate()
	case 'w':
		return eof, wordChars
	case 'W':
		return eof, wordChars.negate()
	case 'a':
		return 7, nil
	case 'e':
		return 27, nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'c':
		if p.at >= len(p.in) {
			p.fail("Illegal control escape sequence")
		}
		p.at++
		return p.in[p.at-1] ^ 64, nil
	case 'u':
		return p.unicodeEscape(), nil
	case 'x':
		return p.hexEscape(), nil
	case 'N':
		p.refuse(`\N{…}`)
	case eof:
		p.fail("Unexpected internal error")
	}
	if c < unicode.MaxASCII && (letters.has(c) || inClass && digits.has(c)) {
		p.fail("Illegal/unsupported escape sequence")
	}
	return c &^ quoted, nil
}

func (p *parser) octal() rune {
	is := func(i int) bool { c := p.char(i); return c >= '0' && c <= '7' }
	if !is(p.at) {
		p.at++
		p.fail("Illegal octal escape sequence")
	}
	room := 2
	if p.char(p.at) <= '3' {
		room = 3
	}
	v := rune(0)
	for ; room > 0 && is(p.at); room-- {
		v = v*8 + p.char(p.at) - '0'
		p.at++
	}
	return v
}

func hexDigit(c rune) rune {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return -1
}

func (p *parser) hexDigits(n int, what string) (v rune) {
	for range n {
		d := hexDigit(p.char(p.at))
		p.at++
		if d < 0 {
			p.fail(what)
		}
		v = v*16 + d
	}
	return v
}

const badHex = "Illegal hexadecimal escape sequence"

func (p *parser) hexEscape() rune {
	if p.char(p.at) != '{' {
		return p.hexDigits(2, badHex)
	}
	p.at++
	if hexDigit(p.char(p.at)) < 0 {
		p.at++
		p.fail(badHex)
	}
	v := rune(0)
	for ; hexDigit(p.char(p.at)) >= 0; p.at++ {
		if v = v*16 + hexDigit(p.char(p.at)); v > unicode.MaxRune {
			p.at++
			p.fail("Hexadecimal codepoint is too big")
		}
	}
	p.at++
	if p.char(p.at-1) != '}' {
		p.fail("Unclosed hexadecimal escape sequence")
	}
	return v
}

func (p *parser) unicodeEscape() rune {
	const bad = "Illegal Unicode escape sequence"
	v := p.hexDigits(4, bad)
	if v >= 0xD800 && v < 0xDC00 && p.char(p.at) == '\\' && p.char(p.at+1) == 'u' {
		from := p.at
		p.at += 2
		if low := p.hexDigits(4, bad); low >= 0xDC00 && low < 0xE000 {
			return 0x10000 + (v-0xD800)<<10 + (low - 0xDC00)
		}
		p.at = from
	}
	return v
}

// family reads \p and \P.
func (p *parser) family() set {
	complement := p.char(p.at+1) == 'P'
	p.at += 2
	name := ""
	if p.char(p.at) == '{' {
		from := p.at + 1
		for p.at++; p.char(p.at) != '}'; p.at++ {
			if p.at >= len(p.in) {
				p.at++
				p.fail("Unclosed character family")
			}
		}
		if name = string(p.in[from:p.at]); name == "" {
			p.at++
			p.fail("Empty character family")
		}
	} else if p.at < len(p.in) {
		name = string(p.char(p.at))
	} else {
		name = "\x00" // what Java reads behind the end
	}
	p.at++
	s, known, refused := property(name, p.flags&foldCase != 0)
	if refused != "" {
		p.refuse(refused)
	}
	if !known {
		p.fail("Unknown character property name {" + name + "}")
	}
	if complement {
		s = s.negate()
	}
	return s
}
