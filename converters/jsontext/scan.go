package jsontext

import (
	"fmt"
	"unicode/utf8"
)

// Limits of Jackson's StreamReadConstraints.
const (
	maxDepth  = 1000
	maxNumber = 1000
	maxString = 20_000_000
)

// A SyntaxError says what is wrong with the JSON text, and where.
type SyntaxError struct {
	msg string
	at  int
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.msg, e.at+1) }

// A Scanner walks over JSON text in Jackson's dialect: leading zeros are allowed, what follows the first value is not looked at.
type Scanner struct {
	b     []byte
	i     int
	depth int
}

// Reset begins with another text, which strings and numbers will alias.
func (s *Scanner) Reset(b []byte) { *s = Scanner{b: b} }

// Pos is the number of bytes that were read.
func (s *Scanner) Pos() int { return s.i }

// Since returns the text between an earlier position and the present one.
func (s *Scanner) Since(pos int) []byte { return s.b[pos:min(s.i, len(s.b))] }

// Rest is the text that was not read yet.
func (s *Scanner) Rest() []byte { return s.b[min(s.i, len(s.b)):] }

// Depth is how many arrays and objects are open.
func (s *Scanner) Depth() int { return s.depth }

// Seek goes to a position, at which so many arrays and objects are open.
func (s *Scanner) Seek(pos, depth int) { s.i, s.depth = pos, depth }

// Fail makes an error for the present position.
func (s *Scanner) Fail(format string, args ...any) error {
	return &SyntaxError{fmt.Sprintf(format, args...), s.i}
}

// Next skips blanks and returns the byte at which a token begins, 0 at the end of the text.
func (s *Scanner) Next() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return c
		}
	}
	return 0
}

// Enter reads an opening bracket.
func (s *Scanner) Enter() error {
	s.i++
	if s.depth++; s.depth > maxDepth {
		return s.Fail("document nesting depth exceeds the maximum of %d", maxDepth)
	}
	return nil
}

// More stands behind a value of an array or object that end closes; it says whether another one follows.
func (s *Scanner) More(end byte) (bool, error) {
	switch c := s.Next(); c {
	case ',':
		s.i++
		return true, nil
	case end:
		s.i++
		s.depth--
		return false, nil
	case 0:
		return false, s.Unexpected()
	default:
		return false, s.Fail("unexpected character %q: was expecting a comma or %q", c, end)
	}
}

// First stands behind the opening bracket; it says whether there is a value at all.
func (s *Scanner) First(end byte) bool {
	if s.Next() == end {
		s.i++
		s.depth--
		return false
	}
	return true
}

// Name reads the name of an object's member and the colon.
func (s *Scanner) Name() (raw []byte, escaped bool, err error) {
	if c := s.Next(); c != '"' {
		if c == 0 {
			return nil, false, s.Unexpected()
		}
		return nil, false, s.Fail("unexpected character %q: was expecting double-quote to start a field name", c)
	}
	if raw, escaped, err = s.Str(); err != nil {
		return nil, false, err
	}
	if s.Next() != ':' {
		if s.i >= len(s.b) {
			return nil, false, s.Unexpected()
		}
		return nil, false, s.Fail("unexpected character %q: was expecting a colon to separate field name and value", s.b[s.i])
	}
	s.i++
	return raw, escaped, nil
}

// Str reads a string at its opening quote and returns what is between the quotes.
func (s *Scanner) Str() (raw []byte, escaped bool, err error) {
	b, i := s.b, s.i+1
	start, wide := i, false
	for i < len(b) {
		c := b[i]
		if plain[c] {
			i++
			continue
		}
		switch {
		case c == '"':
			raw = b[start:i]
			if len(raw) > maxString {
				return nil, false, s.Fail("string length exceeds the maximum of %d", maxString)
			}
			if wide && !utf8.Valid(raw) {
				return nil, false, s.Fail("invalid UTF-8 in a string")
			}
			s.i = i + 1
			return raw, escaped, nil
		case c == '\\':
			escaped = true
			n := escapeLen(b[i:])
			if n == 0 {
				s.i = i
				return nil, false, s.Fail("unrecognized character escape")
			}
			i += n
		case c < 0x20:
			s.i = i
			return nil, false, s.Fail("illegal unquoted control character %#02x in a string", c)
		default:
			wide = true
			i++
		}
	}
	s.i = len(b)
	return nil, false, s.Unexpected()
}

// escapeLen returns the length of the escape at the start of b, 0 for a wrong one.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		for _, c := range b[2:6] {
			if _, ok := unhex(c); !ok {
				return 0
			}
		}
		return 6
	}
	return 0
}

// Number reads a number and tells whether it has a fraction or exponent.
func (s *Scanner) Number() (text []byte, float bool, err error) {
	b, i := s.b, s.i
	start := i
	if b[i] == '-' {
		i++
	}
	digits := func() bool {
		from := i
		for i < len(b) && b[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	ok := digits()
	if ok && i < len(b) && b[i] == '.' {
		float = true
		i++
		ok = digits()
	}
	if ok && i < len(b) && b[i]|0x20 == 'e' {
		float = true
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		from := i
		if ok = digits(); ok && tooLarge(b[from:i]) {
			s.i = from
			return nil, false, s.Fail("the exponent of a number is too large")
		}
	}
	s.i = i
	if !ok {
		if i >= len(b) {
			return nil, false, s.Unexpected()
		}
		return nil, false, s.Fail("unexpected character %q in a number", b[i])
	}
	if i-start > maxNumber {
		return nil, false, s.Fail("number length exceeds the maximum of %d", maxNumber)
	}
	return b[start:i], float, s.boundary()
}

// tooLarge reports whether an exponent is more than BigDecimal takes.
func tooLarge(digits []byte) bool {
	for len(digits) > 1 && digits[0] == '0' {
		digits = digits[1:]
	}
	const most = "2147483647"
	return len(digits) > len(most) || len(digits) == len(most) && string(digits) > most
}

// boundary checks that a number or word at the root is not glued to what follows; elsewhere the next token shows it.
func (s *Scanner) boundary() error {
	if s.depth > 0 || s.i >= len(s.b) {
		return nil
	}
	switch c := s.b[s.i]; c {
	case ' ', '\t', '\n', '\r':
		return nil
	default:
		return s.Fail("unexpected character %q: was expecting space separating root-level values", c)
	}
}

// Word reads true, false or null.
func (s *Scanner) Word(w string) error {
	if len(s.b)-s.i < len(w) || string(s.b[s.i:s.i+len(w)]) != w {
		return s.Fail("unrecognized token: was expecting null, true, false, a number, a string, an array or an object")
	}
	s.i += len(w)
	return s.boundary()
}

// Unexpected is the error for something that begins no value.
func (s *Scanner) Unexpected() error {
	if s.i >= len(s.b) {
		return s.Fail("unexpected end of input")
	}
	return s.Fail("unexpected character %q: was expecting a value", s.b[s.i])
}

// Skip reads a value and forgets it; the syntax is checked.
func (s *Scanner) Skip() error {
	switch c := s.Next(); c {
	case '{':
		if err := s.Enter(); err != nil {
			return err
		}
		for more := s.First('}'); more; {
			if _, _, err := s.Name(); err != nil {
				return err
			}
			if err := s.Skip(); err != nil {
				return err
			}
			var err error
			if more, err = s.More('}'); err != nil {
				return err
			}
		}
		return nil
	case '[':
		if err := s.Enter(); err != nil {
			return err
		}
		for more := s.First(']'); more; {
			if err := s.Skip(); err != nil {
				return err
			}
			var err error
			if more, err = s.More(']'); err != nil {
				return err
			}
		}
		return nil
	case '"':
		_, _, err := s.Str()
		return err
	case 't':
		return s.Word("true")
	case 'f':
		return s.Word("false")
	case 'n':
		return s.Word("null")
	default:
		if c == '-' || c-'0' <= 9 {
			_, _, err := s.Number()
			return err
		}
		return s.Unexpected()
	}
}

// NodeType names the value that begins with c, as Jackson's JsonNodeType does.
func NodeType(c byte) string {
	switch c {
	case '{':
		return "OBJECT"
	case '[':
		return "ARRAY"
	case '"':
		return "STRING"
	case 't', 'f':
		return "BOOLEAN"
	case 'n':
		return "NULL"
	}
	return "NUMBER"
}
