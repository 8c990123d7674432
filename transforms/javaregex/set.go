package javaregex

import (
	"slices"
	"sync"
	"unicode"
)

// A set is a set of code points: sorted ranges that do not touch.
type set []span

type span struct{ lo, hi rune }

func chars(rs ...rune) set {
	s := make(set, 0, len(rs))
	for _, r := range rs {
		s = append(s, span{r, r})
	}
	return s.normal()
}

func between(pairs ...rune) set {
	var s set
	for i := 0; i < len(pairs); i += 2 {
		s = append(s, span{pairs[i], pairs[i+1]})
	}
	return s.normal()
}

func (s set) normal() set {
	s = slices.Clone(s)
	slices.SortFunc(s, func(a, b span) int { return int(a.lo) - int(b.lo) })
	out := s[:0]
	for _, r := range s {
		if n := len(out); n > 0 && r.lo <= out[n-1].hi+1 {
			out[n-1].hi = max(out[n-1].hi, r.hi)
		} else {
			out = append(out, r)
		}
	}
	return out
}

func (s set) union(o set) set { return append(slices.Clone(s), o...).normal() }

func (s set) negate() set {
	var out set
	next := rune(0)
	for _, r := range s {
		if r.lo > next {
			out = append(out, span{next, r.lo - 1})
		}
		next = r.hi + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, span{next, unicode.MaxRune})
	}
	return out
}

func (s set) and(o set) set { return s.negate().union(o.negate()).negate() }

func (s set) has(r rune) bool {
	return slices.ContainsFunc(s, func(x span) bool { return x.lo <= r && r <= x.hi })
}

func table(ts ...*unicode.RangeTable) set {
	var s set
	for _, t := range ts {
		for _, r := range t.R16 {
			for x := rune(r.Lo); x <= rune(r.Hi); x += rune(r.Stride) {
				if r.Stride == 1 {
					s = append(s, span{x, rune(r.Hi)})
					break
				}
				s = append(s, span{x, x})
			}
		}
		for _, r := range t.R32 {
			for x := rune(r.Lo); x <= rune(r.Hi); x += rune(r.Stride) {
				if r.Stride == 1 {
					s = append(s, span{x, rune(r.Hi)})
					break
				}
				s = append(s, span{x, x})
			}
		}
	}
	return s.normal()
}

// foldASCII adds the other case of ASCII letters, which is what the flag i alone does.
func (s set) foldASCII() set {
	out := slices.Clone(s)
	for r := 'a'; r <= 'z'; r++ {
		switch lower, upper := s.has(r), s.has(r-'a'+'A'); {
		case lower && !upper:
			out = append(out, span{r - 'a' + 'A', r - 'a' + 'A'})
		case upper && !lower:
			out = append(out, span{r, r})
		}
	}
	return out.normal()
}

// equivalents groups the code points that the flags i and u take for the same: lower(upper(r)) is equal.
var equivalents = sync.OnceValue(func() map[rune][]rune {
	groups := map[rune][]rune{}
	for r := rune(0); r < 0x20000; r++ {
		if up := unicode.ToUpper(r); up != r || unicode.ToLower(r) != r {
			c := unicode.ToLower(up)
			groups[c] = append(groups[c], r)
		}
	}
	return groups
})

func (s set) foldUnicode() set {
	out := slices.Clone(s)
	for _, g := range equivalents() {
		if slices.ContainsFunc(g, s.has) {
			for _, r := range g {
				out = append(out, span{r, r})
			}
		}
	}
	return out.normal()
}
