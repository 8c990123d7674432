package javaregex

import (
	"strings"

	"github.com/kurier-io/kurier/converters/lru"
)

// routesKept bounds how many topics' new names are remembered.
const routesKept = 1024

// A Router renames topics: one that matches as a whole has its first match replaced. It remembers its answers, and is not safe for
// concurrent use.
type Router struct {
	pattern     *Pattern
	replacement string
	last        string
	route       route // of last
	known       *lru.Cache[string, route]
}

type route struct {
	to      string
	matched bool
}

// NewRouter compiles an expression.
func NewRouter(expr, replacement string) (*Router, error) {
	p, err := Compile(expr)
	if err != nil {
		return nil, err
	}
	return &Router{pattern: p, replacement: replacement, known: lru.New[string, route](routesKept)}, nil
}

// Route returns a topic's new name and whether the expression matched; without a match the name is the old one.
func (r *Router) Route(topic string) (to string, matched bool, err error) {
	if topic == r.last && topic != "" {
		return r.route.to, r.route.matched, nil
	}
	found, ok := r.known.Get(topic)
	from := strings.Clone(topic) // what is kept must not alias a buffer
	if !ok {
		found = route{to: from}
		if found.matched, err = r.pattern.Matches(topic); err != nil {
			return topic, false, err
		}
		if found.matched {
			if found.to, err = r.pattern.ReplaceFirst(from, r.replacement); err != nil {
				return topic, true, err
			}
		}
		r.known.Put(from, found)
	}
	r.last, r.route = from, found
	return found.to, found.matched, nil
}
