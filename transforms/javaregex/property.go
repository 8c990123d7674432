package javaregex

import (
	"strings"
	"unicode"
)

// Sets that escapes and properties name.
var (
	digits     = between('0', '9')
	wordChars  = between('0', '9', 'A', 'Z', 'a', 'z', '_', '_')
	blanks     = chars(' ', '\t', '\n', '\v', '\f', '\r')
	horizontal = between(' ', ' ', '\t', '\t', 0xA0, 0xA0, 0x1680, 0x1680, 0x180e, 0x180e, 0x2000, 0x200a, 0x202f, 0x202f, 0x205f, 0x205f, 0x3000, 0x3000)
	vertical   = between('\n', '\r', 0x85, 0x85, 0x2028, 0x2029)
	lineEnds   = between('\n', '\n', '\r', '\r', 0x85, 0x85, 0x2028, 0x2029)
	letters    = between('A', 'Z', 'a', 'z')
	punct      = between('!', '/', ':', '@', '[', '`', '{', '~')
)

var posix = map[string]set{
	"ASCII": between(0, 0x7f), "Alnum": between('0', '9', 'A', 'Z', 'a', 'z'), "Alpha": letters, "Blank": chars(' ', '\t'), "Cntrl": between(0, 0x1f, 0x7f, 0x7f),
	"Digit": digits, "Graph": between('!', '~'), "Lower": between('a', 'z'), "Print": between(' ', '~'), "Punct": punct, "Space": blanks, "Upper": between('A', 'Z'),
	"XDigit": between('0', '9', 'A', 'F', 'a', 'f'), "L1": between(0, 0xff), "all": between(0, unicode.MaxRune),
}

// property finds what \p{name} stands for; known is false for a name that Java does not have either.
func property(name string, fold bool) (s set, known bool, refused string) {
	if key, value, ok := strings.Cut(name, "="); ok {
		switch strings.ToLower(key) {
		case "sc", "script":
			return script(value, name)
		case "gc", "general_category":
			s, ok := category(value, fold)
			return s, ok, ""
		case "blk", "block":
			return nil, true, `\p{` + name + `}`
		}
		return nil, false, ""
	}
	switch {
	case strings.HasPrefix(name, "In"):
		return nil, true, `\p{` + name + `}`
	case strings.HasPrefix(name, "Is"):
		short := name[2:]
		if s, ok := binary(short, fold); ok {
			return s, true, ""
		}
		if s, ok := category(short, fold); ok {
			return s, true, ""
		}
		return script(short, name)
	case strings.HasPrefix(name, "java"):
		s, ok := javaMethod(name[4:], fold)
		return s, true, map[bool]string{false: `\p{` + name + `}`}[ok]
	}
	if s, ok := posix[name]; ok {
		if fold && (name == "Lower" || name == "Upper") {
			return letters, true, ""
		}
		return s, true, ""
	}
	s, ok := category(name, fold)
	return s, ok, ""
}

func category(name string, fold bool) (set, bool) {
	switch name {
	case "LC":
		return table(unicode.Lu, unicode.Ll, unicode.Lt), true
	case "LD":
		return table(unicode.L, unicode.Nd), true
	case "L1":
		return posix["L1"], true
	case "Lu", "Ll", "Lt":
		if fold {
			return table(unicode.Lu, unicode.Ll, unicode.Lt), true
		}
	case "Cs":
		return set{}, true // a text of Go has no surrogates
	case "Cn":
		return table(unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C).negate(), true
	case "C":
		return table(unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z).negate(), true
	}
	if len(name) > 2 {
		return nil, false
	}
	t, ok := unicode.Categories[name]
	if !ok {
		return nil, false
	}
	return table(t), true
}

// binary knows the binary properties that people write.
func binary(name string, fold bool) (set, bool) {
	cased := table(unicode.Lu, unicode.Ll, unicode.Lt, unicode.Other_Uppercase, unicode.Other_Lowercase)
	switch strings.ToUpper(name) {
	case "ALPHABETIC":
		return table(unicode.L, unicode.Nl, unicode.Other_Alphabetic), true
	case "LETTER":
		return table(unicode.L), true
	case "IDEOGRAPHIC":
		return table(unicode.Ideographic), true
	case "UPPERCASE":
		if fold {
			return cased, true
		}
		return table(unicode.Lu, unicode.Other_Uppercase), true
	case "LOWERCASE":
		if fold {
			return cased, true
		}
		return table(unicode.Ll, unicode.Other_Lowercase), true
	case "WHITE_SPACE", "WHITESPACE":
		return table(unicode.White_Space), true
	case "PUNCTUATION":
		return table(unicode.P), true
	case "CONTROL":
		return table(unicode.Cc), true
	case "DIGIT":
		return table(unicode.Nd), true
	}
	return nil, false
}

func script(name, whole string) (set, bool, string) {
	for known, t := range unicode.Scripts {
		if strings.EqualFold(known, name) {
			return table(t), true, ""
		}
	}
	return nil, true, `\p{` + whole + `}`
}

// javaMethod knows the methods of java.lang.Character behind \p{java…}.
func javaMethod(name string, fold bool) (set, bool) {
	switch name {
	case "LowerCase", "UpperCase", "TitleCase":
		if fold {
			return table(unicode.Lu, unicode.Ll, unicode.Lt, unicode.Other_Uppercase, unicode.Other_Lowercase), true
		}
	}
	switch name {
	case "LowerCase":
		return table(unicode.Ll, unicode.Other_Lowercase), true
	case "UpperCase":
		return table(unicode.Lu, unicode.Other_Uppercase), true
	case "TitleCase":
		return table(unicode.Lt), true
	case "Alphabetic":
		return table(unicode.L, unicode.Nl, unicode.Other_Alphabetic), true
	case "Letter":
		return table(unicode.L), true
	case "LetterOrDigit":
		return table(unicode.L, unicode.Nd), true
	case "Digit":
		return table(unicode.Nd), true
	case "Ideographic":
		return table(unicode.Ideographic), true
	case "SpaceChar":
		return table(unicode.Z), true
	case "Whitespace":
		return table(unicode.Z).and(chars(0xA0, 0x2007, 0x202F).negate()).union(between('\t', '\r', 0x1c, 0x1f)), true
	case "ISOControl":
		return between(0, 0x1f, 0x7f, 0x9f), true
	case "Defined":
		return table(unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C), true
	}
	return nil, false
}
