package simpledate

import (
	"strings"
	"time"
)

// A parser collects fields. Values out of range carry over, since SimpleDateFormat is lenient.
type parser struct {
	s    string
	i    int
	has  [128]bool
	val  [128]int64
	zone int64 // milliseconds east of UTC
	now  func() time.Time
}

// Parse reads an instant from the start of s; what follows the pattern is ignored. now places years of two digits: within 80 years
// before and 20 after it.
func (f *Format) Parse(s string, now func() time.Time) (ms int64, ok bool) {
	p := parser{s: s, now: now}
	for i := range f.items {
		it := &f.items[i]
		if it.letter == 0 {
			if !strings.HasPrefix(p.s[p.i:], it.literal) {
				return 0, false
			}
			p.i += len(it.literal)
			continue
		}
		glued := i+1 < len(f.items) && f.items[i+1].letter != 0 // a field follows: only count digits belong to this one
		if !p.field(it, glued) {
			return 0, false
		}
	}
	return p.instant(), true
}

func (p *parser) set(letter byte, v int64) bool {
	p.has[letter], p.val[letter] = true, v
	return true
}

func (p *parser) field(it *item, glued bool) bool {
	from := p.i
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\t') {
		p.i++
	}
	if p.i >= len(p.s) {
		return false
	}
	switch it.letter {
	case 'G':
		return p.name('G', "BC", "AD")
	case 'a':
		return p.name('a', "AM", "PM")
	case 'E':
		return p.name('E', days[:]...)
	case 'M', 'L':
		if it.count >= 3 {
			if !p.name('M', months[:]...) {
				return false
			}
			p.val['M']++
			return true
		}
	case 'z', 'Z', 'X':
		return p.offset(it)
	}
	limit := len(p.s)
	if glued {
		if limit = from + it.count; limit > len(p.s) {
			return false
		}
	}
	start := p.i
	n, ok := p.number(limit)
	if !ok {
		return false
	}
	switch {
	case it.letter == 'L':
		return p.set('M', n)
	case it.letter == 'y' && it.count <= 2 && p.i-start == 2 && p.s[start] != '-':
		n = p.century(n)
	}
	return p.set(it.letter, n)
}

// century completes a year of two digits.
func (p *parser) century(n int64) int64 {
	start := int64(p.now().UTC().Year() - 80)
	n += start / 100 * 100
	if n < start {
		n += 100
	}
	return n
}

func (p *parser) number(limit int) (n int64, ok bool) {
	i, neg := p.i, false
	if i < limit && p.s[i] == '-' {
		neg = true
		i++
	}
	start := i
	for i < limit && p.s[i]-'0' <= 9 {
		if n < 1<<40 {
			n = n*10 + int64(p.s[i]-'0')
		}
		i++
	}
	if i == start {
		return 0, false
	}
	p.i = i
	n = int64(int32(n)) // Number.intValue
	if neg {
		n = -n
	}
	return n, true
}

// name matches the longest of names, or their first three letters, without regard to case.
func (p *parser) name(letter byte, names ...string) bool {
	best := 0
	rest := p.s[p.i:]
	for i, name := range names {
		for _, form := range []string{name, name[:min(3, len(name))]} {
			if len(form) > best && len(rest) >= len(form) && strings.EqualFold(rest[:len(form)], form) {
				best = len(form)
				p.set(letter, int64(i))
			}
		}
	}
	p.i += best
	return best > 0
}

// offset reads Z, ±hh, ±hhmm, ±hh:mm, UTC, GMT and GMT±h:mm.
func (p *parser) offset(it *item) bool {
	rest := p.s[p.i:]
	if it.letter == 'X' && rest[0] == 'Z' {
		p.i++
		return true
	}
	named := false
	if it.letter != 'X' {
		for _, name := range []string{"GMT", "UTC", "Coordinated Universal Time"} {
			if len(rest) >= len(name) && strings.EqualFold(rest[:len(name)], name) {
				p.i += len(name)
				named = true
				break
			}
		}
		if named && (p.i >= len(p.s) || p.s[p.i] != '+' && p.s[p.i] != '-') {
			return true
		}
	}
	if p.s[p.i] != '+' && p.s[p.i] != '-' {
		return false
	}
	sign := int64(1)
	if p.s[p.i] == '-' {
		sign = -1
	}
	p.i++
	h, ok := p.digits(2, named)
	if !ok {
		return false
	}
	m := int64(0)
	if it.letter != 'X' || it.count > 1 {
		colon := p.i < len(p.s) && p.s[p.i] == ':'
		if colon != (named || it.letter == 'X' && it.count == 3) {
			return false
		}
		if colon {
			p.i++
		}
		if m, ok = p.digits(2, false); !ok {
			return false
		}
	}
	if h > 23 || m > 59 {
		return false
	}
	p.zone = sign * (h*60 + m) * 60_000
	return true
}

func (p *parser) digits(n int, fewer bool) (v int64, ok bool) {
	got := 0
	for got < n && p.i < len(p.s) && p.s[p.i]-'0' <= 9 {
		v = v*10 + int64(p.s[p.i]-'0')
		p.i++
		got++
	}
	return v, got == n || fewer && got > 0
}

func (p *parser) or(letter byte, otherwise int64) int64 {
	if p.has[letter] {
		return p.val[letter]
	}
	return otherwise
}

func (p *parser) instant() int64 {
	year := p.or('y', 1970)
	if p.has['G'] && p.val['G'] == 0 {
		year = 1 - year
	}
	var day int64
	if p.has['D'] && !p.has['d'] {
		day = dayNumber(year, 1, p.val['D'])
	} else {
		day = dayNumber(year, p.or('M', 1), p.or('d', 1))
	}
	hour := p.or('H', 0)
	if p.has['k'] {
		if hour = p.val['k']; hour == 24 {
			hour = 0
		}
	}
	if p.has['K'] || p.has['h'] {
		hour = p.or('K', 0)
		if p.has['h'] {
			if hour = p.val['h']; hour == 12 {
				hour = 0
			}
		}
		hour += 12 * p.or('a', 0)
	}
	return day*msPerDay + hour*3_600_000 + p.or('m', 0)*60_000 + p.or('s', 0)*1000 + p.or('S', 0) - p.zone
}
