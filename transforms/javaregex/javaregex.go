// Package javaregex compiles the regular expressions of configurations, which are Java's, with RE2. What RE2 cannot express, or reads
// differently, is an error that says so.
package javaregex

import (
	"fmt"
	"regexp"
	"strings"
)

const limits = "Kurier matches in linear time: look-around, back-references, possessive quantifiers and nested or intersected character classes are not available"

// A Pattern is a compiled expression.
type Pattern struct {
	find  *regexp.Regexp
	whole *regexp.Regexp
}

// Compile compiles an expression.
func Compile(expr string) (*Pattern, error) {
	if what := differs(expr); what != "" {
		//lint:ignore ST1005 the text is Java's
		return nil, fmt.Errorf("Invalid regex: %s is not supported (%s)", what, limits)
	}
	find, err := regexp.Compile(expr)
	if err != nil {
		//lint:ignore ST1005 the text is Java's
		return nil, fmt.Errorf("Invalid regex: %w (%s)", err, limits)
	}
	whole, err := regexp.Compile(`\A(?:` + expr + `)\z`)
	if err != nil {
		//lint:ignore ST1005 the text is Java's
		return nil, fmt.Errorf("Invalid regex: %w (%s)", err, limits)
	}
	return &Pattern{find, whole}, nil
}

// Matches reports whether all of s matches.
func (p *Pattern) Matches(s string) (bool, error) { return p.whole.MatchString(s), nil }

// differs finds what RE2 would accept with another meaning.
func differs(expr string) string {
	class := 0 // where the open character class began; 0: none
	for i := 0; i < len(expr); i++ {
		switch rest := expr[i:]; {
		case rest[0] == '\\':
			if strings.HasPrefix(rest, `\Q`) {
				end := strings.Index(rest, `\E`)
				if end < 0 {
					return ""
				}
				i += end
			} else if strings.HasPrefix(rest, `\v`) {
				return `\v`
			}
			i++
		case class > 0 && rest[0] == '[':
			return "a character class within another"
		case class > 0 && strings.HasPrefix(rest, "&&"):
			return "the intersection of character classes"
		case class > 0 && rest[0] == ']' && i > class:
			class = 0
		case class == 0 && rest[0] == '[':
			class = i + 1
			if strings.HasPrefix(rest, "[^") {
				class++
			}
		case class == 0 && strings.HasPrefix(rest, "(?"):
			if flags, _, ok := strings.Cut(rest[2:], ")"); ok && strings.Contains(flagsOf(flags), "U") {
				return "the flag U"
			}
			if strings.HasPrefix(rest, "(?P") {
				return "(?P"
			}
		}
	}
	return ""
}

func flagsOf(s string) string {
	for i, c := range s {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' {
			if c == ':' {
				return s[:i]
			}
			return ""
		}
	}
	return s
}
