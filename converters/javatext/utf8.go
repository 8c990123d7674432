package javatext

import (
	"unicode/utf8"
	"unsafe"
)

// DecodeUTF8 returns the text of bytes as new String(b, UTF_8): what is not UTF-8 becomes U+FFFD, one for as many bytes as Java's decoder
// takes together. Valid bytes are aliased.
func DecodeUTF8(b []byte) string {
	if utf8.Valid(b) {
		return unsafe.String(unsafe.SliceData(b), len(b))
	}
	out := make([]byte, 0, len(b)+8)
	for len(b) > 0 {
		if r, n := utf8.DecodeRune(b); r != utf8.RuneError || n > 1 {
			out, b = append(out, b[:n]...), b[n:]
			continue
		}
		out, b = append(out, "\uFFFD"...), b[malformed(b):]
	}
	return string(out)
}

// malformed returns how many bytes Java replaces together at the start of b, which is not UTF-8.
func malformed(b []byte) int {
	at := func(i int) byte {
		if i < len(b) {
			return b[i]
		}
		return 0
	}
	continues := func(i int) bool { return at(i)&0xC0 == 0x80 }
	switch b1 := b[0]; {
	case b1>>4 == 0xE:
		switch {
		case !continues(1) || b1 == 0xE0 && at(1)&0xE0 == 0x80:
			return 1
		case !continues(2):
			return 2
		}
		return 3 // a surrogate
	case b1>>3 == 0x1E:
		switch {
		case b1 > 0xF4 || !continues(1) || b1 == 0xF0 && at(1) < 0x90 || b1 == 0xF4 && at(1)&0xF0 != 0x80:
			return 1
		case !continues(2):
			return 2
		}
		return 3
	}
	return 1
}
