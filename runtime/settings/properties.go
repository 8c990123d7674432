// Package settings reads worker properties files and turns them into typed settings.
//
// Every problem of a file is reported at once, each with its key, value and a fix; values of secret keys never
// appear in errors or logs. Unknown keys are kept: prefixed ones configure Kafka clients and converters.
package settings

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxPropertiesBytes bounds what ParseProperties reads.
const maxPropertiesBytes = 16 << 20

// ParseProperties reads a Java .properties file: # and ! comments, = : or blank separators, backslash continuation
// and escapes including \uXXXX. Bytes are UTF-8; those that are not are taken as ISO-8859-1, as Java writes them. Of
// a repeated key the last value wins. The error names the line of a malformed escape.
func ParseProperties(r io.Reader) (map[string]string, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxPropertiesBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read properties: %w", err)
	}
	if len(raw) > maxPropertiesBytes {
		return nil, fmt.Errorf("read properties: larger than %d bytes", maxPropertiesBytes)
	}
	text := string(raw)
	if !utf8.ValidString(text) {
		var b strings.Builder
		for _, c := range raw {
			b.WriteRune(rune(c))
		}
		text = b.String()
	}
	out := map[string]string{}
	lines := splitLines(text)
	for i := 0; i < len(lines); i++ {
		at := i + 1
		line := trimBlank(lines[i])
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		for continues(line) {
			line = line[:len(line)-1]
			if i++; i >= len(lines) {
				break
			}
			line += trimBlank(lines[i])
		}
		key, value := splitEntry(line)
		if key, err = unescape(key); err == nil {
			value, err = unescape(value)
		}
		if err != nil {
			return nil, fmt.Errorf("properties line %d: %w", at, err)
		}
		out[key] = value
	}
	return out, nil
}

// splitLines splits at \n, \r and \r\n, the line ends of java.util.Properties.
func splitLines(s string) []string {
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), "\n")
}

func trimBlank(s string) string { return strings.TrimLeft(s, " \t\f") }

// continues reports whether an odd number of backslashes ends the line.
func continues(line string) bool {
	n := len(line) - len(strings.TrimRight(line, `\`))
	return n%2 == 1
}

func splitEntry(line string) (key, value string) {
	end := len(line)
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' {
			i++
			continue
		}
		if strings.IndexByte("=: \t\f", line[i]) >= 0 {
			end = i
			break
		}
	}
	rest := trimBlank(line[end:])
	if rest != "" && (rest[0] == '=' || rest[0] == ':') {
		rest = trimBlank(rest[1:])
	}
	return line[:end], rest
}

func unescape(s string) (string, error) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	var b strings.Builder
	var high rune // a pending high surrogate
	flush := func() {
		if high != 0 {
			b.WriteRune(utf8.RuneError)
			high = 0
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			flush()
			if s[i] != '\\' {
				b.WriteByte(s[i])
			}
			continue
		}
		i++
		if s[i] != 'u' {
			flush()
			if j := strings.IndexByte("tnrf", s[i]); j >= 0 {
				b.WriteByte("\t\n\r\f"[j])
			} else {
				b.WriteByte(s[i])
			}
			continue
		}
		if i+5 > len(s) {
			return "", fmt.Errorf(`malformed escape %q: want \u and four hexadecimal digits; write \\ for a backslash`, s[i-1:])
		}
		n, err := strconv.ParseUint(s[i+1:i+5], 16, 16)
		if err != nil {
			return "", fmt.Errorf(`malformed escape %q: want \u and four hexadecimal digits; write \\ for a backslash`, s[i-1:i+5])
		}
		i += 4
		r := rune(n)
		switch {
		case high != 0 && r >= 0xdc00 && r < 0xe000:
			b.WriteRune(utf16.DecodeRune(high, r))
			high = 0
		case r >= 0xd800 && r < 0xdc00:
			flush()
			high = r
		default:
			flush()
			b.WriteRune(r) // a lone low surrogate becomes U+FFFD
		}
	}
	flush()
	return b.String(), nil
}

// WriteProperties writes entries in the given key order so that ParseProperties and Java read them back. Characters
// outside printable ASCII are escaped.
func WriteProperties(w io.Writer, keys []string, values map[string]string) error {
	b := bufio.NewWriter(w)
	for _, k := range keys {
		if _, err := fmt.Fprintf(b, "%s=%s\n", escape(k, true), escape(values[k], false)); err != nil {
			return fmt.Errorf("write properties: %w", err)
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write properties: %w", err)
	}
	return nil
}

func escape(s string, key bool) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == ' ' && (key || i == 0), strings.ContainsRune(`\=:#!`, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\t', r == '\n', r == '\r', r == '\f':
			b.WriteByte('\\')
			b.WriteByte("tnfr"[strings.IndexRune("\t\n\f\r", r)])
		case r >= 0x20 && r < 0x7f:
			b.WriteRune(r)
		default:
			for _, u := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04X`, u)
			}
		}
	}
	return b.String()
}
