package javaregex

// class reads a character class; without consume it is the right side of an intersection, which its closing bracket does not belong to.
func (p *parser) class(consume bool) set {
	var all, last set
	some, negative := false, false
	add := func(s set) {
		all, last, some = all.union(s), s, true
	}
	if consume {
		p.at++ // [
		if p.peek() == '^' && p.char(p.at-1) == '[' {
			negative = true
			p.at++
		}
	}
	for {
		switch c := p.peek(); {
		case c == '[':
			add(p.class(true))
		case c == '&' && p.char(p.at+1) == '&':
			p.at += 2
			right, there := p.intersected()
			switch {
			case there && some:
				all, last = all.and(right), right
			case there:
				all, last, some = right, right, true
			case some:
				all = all.and(last)
			default:
				p.fail("Bad class syntax")
			}
		case c == eof:
			p.fail("Unclosed character class")
		case c == ']' && some:
			if consume {
				p.at++
			}
			if negative {
				return all.negate()
			}
			return all
		default:
			add(p.classRange())
		}
	}
}

// intersected reads what follows && up to the next && or the closing bracket.
func (p *parser) intersected() (s set, there bool) {
	for {
		switch p.peek() {
		case ']', '&', eof:
			return s, there
		case '[':
			s, there = s.union(p.class(true)), true
		default:
			s, there = s.union(p.class(false)), true
		}
	}
}

// classRange reads a character, a range, or an escape that is a set.
func (p *parser) classRange() set {
	c := p.peek()
	if c == '\\' {
		if next := p.char(p.at + 1); next == 'p' || next == 'P' {
			return p.family()
		}
		var s set
		if c, s = p.escape(true, p.char(p.at+2) == '-'); c < 0 {
			return s
		}
	} else {
		p.at++
	}
	c &^= quoted
	if end := p.char(p.at + 1); p.peek() == '-' && end != '[' && end != ']' && end != eof {
		p.at++
		to := p.peek()
		if to == '\\' {
			var s set
			if to, s = p.escape(true, true); to < 0 || s != nil {
				p.fail("Illegal character range")
			}
		} else {
			p.at++
		}
		to &^= quoted
		if to < c {
			p.fail("Illegal character range")
		}
		return p.folded(set{{c, to}})
	}
	return p.folded(chars(c))
}
