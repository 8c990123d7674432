// Package simpledate formats and parses instants as java.text.SimpleDateFormat does in a UTC JVM with the locale en_US: lenient, by
// prefix, and with the Gregorian calendar's switch to the Julian one before 15 October 1582.
package simpledate

import (
	"fmt"
	"strings"
)

// A Format is a compiled pattern. It is immutable and safe for concurrent use.
type Format struct {
	pattern string
	items   []item
}

// An item is a run of one pattern letter, or literal text.
type item struct {
	letter  byte // 0: text
	count   int
	literal string
}

const letters = "GyMdkHmsSEDFwWahKzZYuXL"

// Compile reads a pattern. Errors have Java's texts.
func Compile(pattern string) (*Format, error) {
	f := &Format{pattern: pattern}
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\'':
			text, n, err := quoted(pattern[i:])
			if err != nil {
				return nil, err
			}
			f.text(text)
			i += n
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			if strings.IndexByte(letters, c) < 0 {
				//lint:ignore ST1005 the text is Java's
				return nil, fmt.Errorf("Illegal pattern character '%c'", c)
			}
			n := 1
			for i+n < len(pattern) && pattern[i+n] == c {
				n++
			}
			if c == 'X' && n > 3 {
				return nil, fmt.Errorf("invalid ISO 8601 format: length=%d", n)
			}
			f.items = append(f.items, item{letter: c, count: n})
			i += n
		default:
			f.text(pattern[i : i+1])
			i++
		}
	}
	return f, nil
}

func (f *Format) text(s string) {
	if n := len(f.items); n > 0 && f.items[n-1].letter == 0 {
		f.items[n-1].literal += s
		return
	}
	f.items = append(f.items, item{literal: s})
}

// quoted reads quoted text; two quotes are one.
func quoted(s string) (text string, n int, err error) {
	if strings.HasPrefix(s, "''") {
		return "'", 2, nil
	}
	for n = 1; n < len(s); n++ {
		if s[n] != '\'' {
			text += s[n : n+1]
			continue
		}
		if n+1 < len(s) && s[n+1] == '\'' {
			text += "'"
			n++
			continue
		}
		return text, n + 1, nil
	}
	//lint:ignore ST1005 the text is Java's
	return "", 0, fmt.Errorf("Unterminated quote")
}

// String returns the pattern.
func (f *Format) String() string { return f.pattern }

// Readable reports the first letter that only formatting supports: a pattern with week numbers is not enough to find a day.
func (f *Format) Readable() error {
	for _, it := range f.items {
		if strings.IndexByte("YwWFu", it.letter) >= 0 && it.letter != 0 {
			return fmt.Errorf("pattern letter '%c' can be written but not read", it.letter)
		}
	}
	return nil
}
