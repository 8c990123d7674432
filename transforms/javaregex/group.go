package javaregex

import "strconv"

func itoa(n int) string { return strconv.Itoa(n) }

// group reads what begins with a parenthesis; nil: it only set flags.
func (p *parser) group() *node {
	save := p.flags
	n := &node{op: opCapture}
	if p.advance() == '?' {
		p.at++
		switch c := p.char(p.at); c {
		case ':':
			p.at++
			n.op = opConcat
		case '=', '!':
			p.at++
			n.op, n.negative = opLook, c == '!'
		case '>':
			p.at++
			n.op = opAtomic
		case '<':
			p.at++
			if c := p.char(p.at); c == '=' || c == '!' {
				p.at++
				n.op, n.negative, n.behind = opLook, c == '!', true
				break
			}
			name := p.groupName()
			if _, dup := p.names[name]; dup {
				p.fail("Named capturing group <" + name + "> is already defined")
			}
			p.names[name] = p.groups + 1
		case '$', '@':
			p.at++
			p.fail("Unknown group type")
		default:
			p.inlineFlags()
			c := p.char(p.at)
			p.at++
			if c == ')' {
				return nil
			}
			if c != ':' {
				p.fail("Unknown inline modifier")
			}
			n.op = opConcat
		}
	}
	if n.op == opCapture {
		p.groups++
		n.n = p.groups
	}
	n.subs = []*node{p.alternation()}
	if p.peek() != ')' {
		p.at++
		p.fail("Unclosed group")
	}
	p.at++
	p.flags = save
	if n.behind {
		p.checkBehind(n.subs[0])
	}
	return n
}

// checkBehind refuses what the engines do in another order: groups within a look-behind of varying length. Java's limit on the length
// is not one of ours.
func (p *parser) checkBehind(n *node) {
	least, most := n.lengths()
	if least != most && n.any(func(n *node) bool { return n.op == opCapture }) {
		p.refuse("a capturing group within a look-behind of varying length")
	}
}

func (p *parser) groupName() string {
	from := p.at
	if !letters.has(p.char(p.at)) {
		p.at++
		p.fail("capturing group name does not start with a Latin letter")
	}
	for letters.has(p.char(p.at)) || digits.has(p.char(p.at)) {
		p.at++
	}
	name := string(p.in[from:p.at])
	c := p.char(p.at)
	p.at++
	if c != '>' {
		p.fail("named capturing group is missing trailing '>'")
	}
	return name
}

func (p *parser) inlineFlags() {
	known := map[rune]flags{'i': foldCase, 'm': multiline, 's': dotAll, 'd': unixLines, 'u': unicodes, 'x': comments}
	for off := false; ; p.at++ {
		c := p.char(p.at)
		f, ok := known[c]
		switch {
		case c == '-' && !off:
			off = true
		case c == 'U' || c == 'c':
			p.refuse("the flag " + string(c))
		case !ok:
			return
		case off:
			p.flags &^= f
		default:
			p.flags |= f
		}
	}
}
