package protoconv

import "strings"

func legal(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// identifier reports whether Protobuf allows a name.
func identifier(name string) bool {
	for i := range len(name) {
		if !legal(name[i]) {
			return false
		}
	}
	return name != "" && (name[0] < '0' || name[0] > '9')
}

// scrub replaces what Protobuf does not allow in a name: Java encodes the name for a URL first, then makes underscores of what is left.
func (o *protoData) scrub(name string) string {
	if !o.Scrub || name == "" || identifier(name) {
		return name
	}
	const hex = "0123456789ABCDEF"
	var b []byte
	if name[0] >= '0' && name[0] <= '9' {
		b = append(b, 'x')
	}
	for i := range len(name) {
		switch c := name[i]; {
		case legal(c):
			b = append(b, c)
		case strings.IndexByte(".-* ", c) >= 0: // not escaped in URLs
			b = append(b, '_')
		default:
			b = append(b, '_', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// split splits a schema name at its last dot and scrubs each part of it. Java ignores dots at the end.
func (o *protoData) split(name string) (space, simple string) {
	parts := strings.Split(strings.TrimRight(name, "."), ".")
	for i := range parts {
		parts[i] = o.scrub(parts[i])
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], "."), parts[last]
}

// entryName is the name of the messages of a map's entries.
func entryName(name string) string {
	if strings.Contains(name, "_") {
		var b strings.Builder
		for word := range strings.SplitSeq(name, "_") {
			if word != "" {
				b.WriteString(strings.ToUpper(word[:1]))
				b.WriteString(strings.ToLower(word[1:]))
			}
		}
		name = b.String()
	}
	return name + entrySuffix
}

// mapName is the name of a map by that of its entries.
func mapName(entry string) string {
	var b strings.Builder
	for i, c := range []byte(strings.TrimSuffix(entry, entrySuffix)) {
		if c >= 'A' && c <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}

// jsonName is what protoc makes of a field's name.
func jsonName(name string) string {
	var b []byte
	upper := false
	for _, c := range []byte(name) {
		switch {
		case c == '_':
			upper = true
			continue
		case upper && c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		}
		upper = false
		b = append(b, c)
	}
	return string(b)
}
