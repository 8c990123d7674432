package thirdparty

import (
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/javaregex"
)

// A jsonPath is a path of the part of JSONPath that is understood here:
//
//	$                        the key or value
//	.name ['name'] ["name"]  a field
//	[2] [-1]                 an element, from the end if negative
//	.* [*]                   all of them
//	[?(condition)]           those elements, or the object itself, for which a condition holds
//
// A condition compares @ or @.path with literals ('text', "text", numbers, true, false, null, [lists]) or other paths by
// == != < <= > >= =~ /regex/i in nin, tests that a path exists (@.name), and combines such by && || ! and parentheses. Anything else,
// as .. and functions, is an error.
type jsonPath struct {
	text     string
	steps    []step
	definite bool // leads to one value at most
}

type stepKind uint8

const (
	nameStep stepKind = iota
	indexStep
	allStep
	filterStep
)

type step struct {
	kind  stepKind
	name  string
	index int
	cond  *condition
}

// A condition is a node of a filter's expression.
type condition struct {
	op          string // "||", "&&", "!", "exists", or a comparison
	subs        []*condition
	left, right operand
	regex       *javaregex.Pattern
}

// An operand is a path below the element, or a literal.
type operand struct {
	path *jsonPath
	v    data.Value
}

type pathParser struct {
	text string
	at   int
}

// parsePath compiles a path.
func parsePath(text string) (p *jsonPath, err error) {
	defer func() {
		if e, ok := recover().(*data.Error); ok {
			err = e
		} else if e != nil {
			panic(e)
		}
	}()
	q := &pathParser{text: strings.TrimSpace(text)}
	if !q.accept("$") {
		q.fail("a path begins with $")
	}
	p = q.steps(text)
	if q.at < len(q.text) {
		q.fail("a step begins with a dot or a bracket")
	}
	return p, nil
}

func (q *pathParser) fail(what string) {
	panic(data.Errorf("JSONPath %s is not understood at position %d: %s", q.text, q.at, what))
}

func (q *pathParser) accept(s string) bool {
	if strings.HasPrefix(q.text[q.at:], s) {
		q.at += len(s)
		return true
	}
	return false
}

func (q *pathParser) space() {
	for q.at < len(q.text) && strings.IndexByte(" \t\n\r", q.text[q.at]) >= 0 {
		q.at++
	}
}

func (q *pathParser) need(s string) {
	q.space()
	if !q.accept(s) {
		q.fail("expected " + s)
	}
}

func (q *pathParser) steps(text string) *jsonPath {
	p := &jsonPath{text: text, definite: true}
	for {
		var s step
		switch {
		case q.accept(".."):
			q.fail("the descendants (..) are not supported; name the fields on the way")
		case q.accept(".*"):
			s.kind = allStep
		case q.accept("."):
			s.name = q.name()
		case q.accept("["):
			s = q.bracket()
		default:
			return p
		}
		p.definite = p.definite && (s.kind == nameStep || s.kind == indexStep)
		p.steps = append(p.steps, s)
	}
}

func (q *pathParser) name() string {
	from := q.at
	for q.at < len(q.text) && strings.IndexByte(".[]()=!<>&|,~ \t\n\r'\"?*@", q.text[q.at]) < 0 {
		q.at++
	}
	if q.at < len(q.text) && q.text[q.at] == '(' {
		q.fail("functions are not supported")
	}
	if q.at == from {
		q.fail("expected a name")
	}
	return q.text[from:q.at]
}

func (q *pathParser) bracket() (s step) {
	q.space()
	switch {
	case q.accept("*"):
		s.kind = allStep
	case q.accept("?"):
		s.kind = filterStep
		q.need("(")
		s.cond = q.either()
		q.need(")")
	case q.accept("'"):
		s.name = q.quoted('\'')
	case q.accept(`"`):
		s.name = q.quoted('"')
	default:
		from := q.at
		for q.at < len(q.text) && strings.IndexByte("-0123456789", q.text[q.at]) >= 0 {
			q.at++
		}
		n, err := strconv.Atoi(q.text[from:q.at])
		if err != nil {
			q.fail("expected a name in quotes, an index, * or a filter ?(…)")
		}
		s.kind, s.index = indexStep, n
	}
	q.space()
	if strings.IndexByte(":,", q.peek()) >= 0 {
		q.fail("slices and lists of names are not supported")
	}
	q.need("]")
	return s
}

func (q *pathParser) peek() byte {
	if q.at < len(q.text) {
		return q.text[q.at]
	}
	return 0
}

// quoted reads up to the closing quote, the opening one being read.
func (q *pathParser) quoted(quote byte) string {
	var b strings.Builder
	for ; q.at < len(q.text); q.at++ {
		switch c := q.text[q.at]; {
		case c == quote:
			q.at++
			return b.String()
		case c == '\\' && q.at+1 < len(q.text):
			q.at++
			b.WriteByte(q.text[q.at])
		default:
			b.WriteByte(c)
		}
	}
	q.fail("the quote is not closed")
	return ""
}

func (q *pathParser) either() *condition { return q.joined("||", q.both) }

func (q *pathParser) both() *condition { return q.joined("&&", q.single) }

func (q *pathParser) joined(op string, next func() *condition) *condition {
	c := &condition{op: op, subs: []*condition{next()}}
	for q.space(); q.accept(op); q.space() {
		c.subs = append(c.subs, next())
	}
	if len(c.subs) == 1 {
		return c.subs[0]
	}
	return c
}

func (q *pathParser) single() *condition {
	q.space()
	if q.accept("(") {
		c := q.either()
		q.need(")")
		return c
	}
	if q.peek() == '!' {
		q.at++
		return &condition{op: "!", subs: []*condition{q.single()}}
	}
	c := &condition{op: "exists", left: q.operand()}
	q.space()
	for _, op := range []string{"==", "!=", "<=", ">=", "<", ">", "=~", "in ", "in[", "nin ", "nin["} {
		if !q.accept(op) {
			continue
		}
		q.at -= strings.Count(op, "[")
		if c.op = strings.TrimRight(op, " ["); c.op == "=~" {
			c.regex = q.regex()
		} else {
			c.right = q.operand()
		}
		return c
	}
	if c.left.path == nil {
		q.fail("expected a comparison")
	}
	return c
}

func (q *pathParser) regex() *javaregex.Pattern {
	q.need("/")
	from := q.at
	for q.at < len(q.text) && q.text[q.at] != '/' {
		if q.text[q.at] == '\\' {
			q.at++
		}
		q.at++
	}
	if q.at >= len(q.text) {
		q.at = len(q.text)
		q.fail("the regular expression is not closed")
	}
	expr := q.text[from:q.at]
	q.at++
	if q.accept("i") {
		expr = "(?i)" + expr
	}
	p, err := javaregex.Compile(expr)
	if err != nil {
		q.fail(err.Error())
	}
	return p
}

func (q *pathParser) operand() operand {
	q.space()
	switch {
	case q.accept("@"):
		return operand{path: q.steps("@")}
	case q.accept("'"):
		return operand{v: data.StringValue(q.quoted('\''))}
	case q.accept(`"`):
		return operand{v: data.StringValue(q.quoted('"'))}
	case q.accept("["):
		var list []data.Value
		for q.space(); !q.accept("]"); q.space() {
			if len(list) > 0 {
				q.need(",")
			}
			o := q.operand()
			if o.path != nil {
				q.fail("a list has literals only")
			}
			list = append(list, o.v)
		}
		return operand{v: data.ArrayValue(list)}
	}
	from := q.at
	for q.at < len(q.text) && strings.IndexByte(" \t\n\r)&|=!<>,]", q.text[q.at]) < 0 {
		q.at++
	}
	switch word := q.text[from:q.at]; word {
	case "true", "false":
		return operand{v: data.BoolValue(word == "true")}
	case "null":
		return operand{}
	default:
		if i, err := strconv.ParseInt(word, 10, 64); err == nil {
			return operand{v: data.Int64Value(i)}
		}
		f, err := strconv.ParseFloat(word, 64)
		if err != nil {
			q.at = from
			q.fail("expected @, a text in quotes, a number, true, false, null or a list")
		}
		return operand{v: data.Float64Value(f)}
	}
}
