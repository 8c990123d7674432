package jsontext

import "unicode/utf8"

func unhex(c byte) (rune, bool) {
	switch {
	case c-'0' <= 9:
		return rune(c - '0'), true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10, true
	}
	return 0, false
}

func unit(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		h, _ := unhex(c)
		r = r<<4 | h
	}
	return r
}

// Unescape returns the text of a scanned string. A lone surrogate, which Java's strings can hold, comes back in three bytes as if it
// were a character, so that writing it again gives the same escape.
func Unescape(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		c := raw[i]
		if c != '\\' {
			out = append(out, c)
			i++
			continue
		}
		i += 2
		switch e := raw[i-1]; e {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := unit(raw[i:])
			i += 4
			if r>>10 == 0xD800>>10 && i+6 <= len(raw) && raw[i] == '\\' && raw[i+1] == 'u' {
				if low := unit(raw[i+2:]); low>>10 == 0xDC00>>10 {
					r = 0x10000 + (r&0x3FF)<<10 + low&0x3FF
					i += 6
				}
			}
			if r>>11 == 0xD800>>11 {
				out = append(out, 0xED, 0x80|byte(r>>6&0x3F), 0x80|byte(r&0x3F))
			} else {
				out = utf8.AppendRune(out, r)
			}
		default:
			out = append(out, e)
		}
	}
	return out
}
