package avroconv

import (
	"strings"

	"github.com/kurier-io/kurier/converters/avroconv/avroschema"
)

func legal(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// scrub replaces what Avro does not allow in a name: Java encodes the name for a URL first, then makes underscores of what is left.
func (o *avroData) scrub(name string) string {
	if !o.Scrub || name == "" {
		return name
	}
	ok := name[0] < '0' || name[0] > '9'
	for i := range len(name) {
		ok = ok && legal(name[i])
	}
	if ok {
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
func (o *avroData) split(name string) avroschema.Name {
	parts := strings.Split(strings.TrimRight(name, "."), ".")
	for i := range parts {
		parts[i] = o.scrub(parts[i])
	}
	last := len(parts) - 1
	return avroschema.Name{Space: strings.Join(parts[:last], "."), Simple: parts[last]}
}
