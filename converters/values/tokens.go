package values

import "strings"

// tokens splits text at unescaped : , { } [ ] and quotes, each of which is a token of its own. Escapes stay in the text.
type tokens struct {
	text   string
	i      int
	peeked string
	ahead  bool // peeked holds a token that was not yet taken
}

func (t *tokens) scan() string {
	start, escaped := t.i, false
	for t.i < len(t.text) {
		switch t.text[t.i] {
		case '\\':
			escaped = !escaped
		case ':', ',', '{', '}', '[', ']', '"':
			if !escaped {
				if start == t.i {
					t.i++
				}
				return t.text[start:t.i]
			}
			escaped = false
		default:
			escaped = false
		}
		t.i++
	}
	return t.text[start:]
}

func (t *tokens) more() bool { return t.ahead || t.i < len(t.text) }

func (t *tokens) mark() int {
	if t.ahead {
		return t.i - len(t.peeked)
	}
	return t.i
}

func (t *tokens) rewind(i int) { t.i, t.ahead = i, false }

func (t *tokens) next() string {
	if t.ahead {
		t.ahead = false
		return t.peeked
	}
	return t.scan()
}

// skip takes n tokens and returns their text; without so many it takes none.
func (t *tokens) skip(n int) (string, bool) {
	start := t.mark()
	for range n {
		if !t.more() {
			t.rewind(start)
			return "", false
		}
		t.next()
	}
	return t.text[start:t.i], true
}

// consume takes the next token if, trimmed, it is want. Blank tokens before another are forgotten either way.
func (t *tokens) consume(want string) bool {
	if !t.more() {
		return false
	}
	tok := t.next()
	for blank(tok) && t.i < len(t.text) {
		tok = t.scan()
	}
	if trim(tok) == want {
		return true
	}
	t.peeked, t.ahead = tok, true
	return false
}

// trim is Java's String.trim: everything up to the space goes.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}

func blank(s string) bool { return trim(s) == "" }
