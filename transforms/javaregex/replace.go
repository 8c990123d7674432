package javaregex

import (
	"errors"
	"fmt"
	"strings"
)

// ReplaceFirst returns s with the first match replaced, by the rules of Matcher.replaceFirst: $n is a group (as many digits as there
// are groups for), ${name} a named one, a backslash makes the next character literal. s is returned as it is without a match.
func (p *Pattern) ReplaceFirst(s, replacement string) (string, error) {
	m, err := p.find(s)
	if m == nil || err != nil {
		return s, err
	}
	var out strings.Builder
	out.WriteString(s[:m[0]])
	group := func(n int) {
		if m[2*n] >= 0 {
			out.WriteString(s[m[2*n]:m[2*n+1]])
		}
	}
	for i := 0; i < len(replacement); {
		switch c := replacement[i]; c {
		case '\\':
			if i++; i == len(replacement) {
				return "", errors.New("character to be escaped is missing")
			}
			out.WriteByte(replacement[i])
			i++
		case '$':
			n, used, err := p.reference(replacement[i+1:])
			if err != nil {
				return "", err
			}
			group(n)
			i += 1 + used
		default:
			out.WriteByte(c)
			i++
		}
	}
	out.WriteString(s[m[1]:])
	return out.String(), nil
}

// reference reads what follows a dollar sign.
func (p *Pattern) reference(s string) (group, used int, err error) {
	switch {
	case s == "":
		//lint:ignore ST1005 the text is Java's
		return 0, 0, errors.New("Illegal group reference: group index is missing")
	case s[0] == '{':
		end := strings.IndexByte(s, '}')
		if end < 0 {
			return 0, 0, errors.New("named capturing group is missing trailing '}'")
		}
		if group = p.names[s[1:end]]; group == 0 {
			//lint:ignore ST1005 the text is Java's
			return 0, 0, fmt.Errorf("No group with name {%s}", s[1:end])
		}
		return group, end + 1, nil
	case s[0]-'0' > 9:
		//lint:ignore ST1005 the text is Java's
		return 0, 0, errors.New("Illegal group reference")
	}
	group = int(s[0] - '0')
	if group > p.groups {
		//lint:ignore ST1005 the text is Java's
		return 0, 0, fmt.Errorf("No group %d", group)
	}
	for used = 1; used < len(s) && s[used]-'0' <= 9; used++ {
		next := group*10 + int(s[used]-'0')
		if next > p.groups {
			break
		}
		group = next
	}
	return group, used, nil
}
