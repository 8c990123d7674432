package javaregex

import "math"

// An op is a kind of node.
type op uint8

const (
	opSet         op = iota // one code point of a set
	opConcat                // subs one after another; none: the empty text
	opAlternate             // the first of subs that leads on
	opRepeat                // subs[0], min to max times
	opCapture               // subs[0], as group n
	opAtomic                // subs[0], without going back into it
	opLook                  // subs[0] ahead or behind, or its absence
	opReference             // the text of group n
	opBegin                 // \A, ^
	opBeginLine             // ^ under m
	opEnd                   // \z
	opEndFinal              // \Z and $: the end, or before a line end that is the last
	opEndLine               // $ under m
	opWordBound             // \b
	opNoWordBound           // \B
)

// A mode says how a repetition goes about its choices.
type mode uint8

const (
	greedy mode = iota
	lazy
	possessive
)

const unbounded = math.MaxInt32

type node struct {
	op       op
	set      set
	subs     []*node
	min, max int
	mode     mode
	n        int // group
	behind   bool
	negative bool
	unix     bool // lines end at \n only
}

// lengths returns the least and the greatest number of UTF-16 units, which is what Java counts; unbounded: no limit.
func (n *node) lengths() (least, most int) {
	switch n.op {
	case opSet:
		least, most = 1, 1
		if len(n.set) > 0 && n.set[len(n.set)-1].hi > 0xffff {
			most = 2
		}
		return least, most
	case opAlternate:
		least = unbounded
		for _, s := range n.subs {
			lo, hi := s.lengths()
			least, most = min(least, lo), max(most, hi)
		}
		return least, most
	case opReference:
		return 0, unbounded
	case opRepeat:
		lo, hi := n.subs[0].lengths()
		return times(lo, n.min), times(hi, n.max)
	case opConcat, opCapture, opAtomic:
		for _, s := range n.subs {
			lo, hi := s.lengths()
			least, most = min(least+lo, unbounded), min(most+hi, unbounded)
		}
	}
	return least, most
}

func times(a, b int) int {
	switch {
	case a == 0 || b == 0:
		return 0
	case a == unbounded || b == unbounded || a > unbounded/b:
		return unbounded
	}
	return a * b
}

// any reports whether some node of the tree has a property.
func (n *node) any(is func(*node) bool) bool {
	if is(n) {
		return true
	}
	for _, s := range n.subs {
		if s.any(is) {
			return true
		}
	}
	return false
}
