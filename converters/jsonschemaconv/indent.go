package jsonschemaconv

// appendIndented appends compact JSON as Jackson's default pretty printer lays it out: a line for each member of an object, arrays in
// one line.
func appendIndented(dst, compact []byte) []byte {
	depth := 0 // of objects
	var open []byte
	line := func() {
		dst = append(dst, '\n')
		for range depth {
			dst = append(dst, ' ', ' ')
		}
	}
	for i := 0; i < len(compact); i++ {
		switch c := compact[i]; c {
		case '"':
			from := i
			for i++; compact[i] != '"'; i++ {
				if compact[i] == '\\' {
					i++
				}
			}
			dst = append(dst, compact[from:i+1]...)
		case '{', '[':
			dst = append(dst, c)
			if compact[i+1] == c+2 { // the closing bracket
				dst = append(dst, ' ', c+2)
				i++
				continue
			}
			open = append(open, c)
			if c == '{' {
				depth++
				line()
			} else {
				dst = append(dst, ' ')
			}
		case '}', ']':
			open = open[:len(open)-1]
			if c == '}' {
				depth--
				line()
			} else {
				dst = append(dst, ' ')
			}
			dst = append(dst, c)
		case ',':
			dst = append(dst, c)
			if open[len(open)-1] == '{' {
				line()
			} else {
				dst = append(dst, ' ')
			}
		case ':':
			dst = append(dst, ' ', ':', ' ')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
