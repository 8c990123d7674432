package rawconv

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

type stringSettings struct {
	Encoding      string `config:"converter.encoding" default:"UTF-8" importance:"high" doc:"The name of the character set to use for encoding and decoding strings: UTF-8, US-ASCII, ISO-8859-1, UTF-16, UTF-16BE or UTF-16LE."`
	ConverterType string `config:"converter.type" enum:"key|value|header" importance:"low" doc:"How this converter will be used. Set by the worker."`
}

// stringConverter is org.apache.kafka.connect.storage.StringConverter.
type stringConverter struct {
	charset charset
	scratch []byte
}

type charset uint8

const (
	utf8Charset charset = iota
	ascii
	latin1
	utf16Charset // big endian; a byte order mark is written and understood
	utf16BE
	utf16LE
)

var charsets = map[string]charset{
	"UTF-8": utf8Charset, "UTF8": utf8Charset, "US-ASCII": ascii, "ASCII": ascii, "ISO-8859-1": latin1, "ISO8859_1": latin1, "LATIN1": latin1,
	"UTF-16": utf16Charset, "UTF16": utf16Charset, "UTF-16BE": utf16BE, "UTF-16LE": utf16LE,
}

var optionalString = data.Of(data.String).Optional().MustBuild()

func (c *stringConverter) configure(props connect.Props) error {
	set, err := config.Parse[stringSettings](props)
	if err != nil {
		return err
	}
	cs, ok := charsets[strings.ToUpper(set.Encoding)]
	if !ok {
		return connect.ConfigErr("converter.encoding", "Unsupported encoding "+set.Encoding, "use UTF-8, US-ASCII, ISO-8859-1, UTF-16, UTF-16BE or UTF-16LE")
	}
	c.charset = cs
	return nil
}

func (c *stringConverter) write(dst []byte, _ *data.Schema, v data.Value) ([]byte, bool, error) {
	if v.IsNull() {
		return dst, false, nil
	}
	if c.charset == utf8Charset {
		start := len(dst)
		dst = javatext.Append(dst, v)
		if !utf8.Valid(dst[start:]) {
			dst = appendValid(dst[:start], string(dst[start:]))
		}
		return dst, true, nil
	}
	c.scratch = javatext.Append(c.scratch[:0], v)
	return c.encode(dst, c.scratch), true, nil
}

// appendValid appends s with a question mark for each lone surrogate, as Java's encoder does, and U+FFFD for other invalid bytes.
func appendValid(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r != utf8.RuneError || n > 1:
			dst = append(dst, s[i:i+n]...)
		case i+3 <= len(s) && s[i] == 0xED && s[i+1]&0xE0 == 0xA0 && s[i+2]&0xC0 == 0x80:
			dst = append(dst, '?')
			n = 3
		default:
			dst = append(dst, "\uFFFD"...)
		}
		i += n
	}
	return dst
}

func (c *stringConverter) encode(dst, text []byte) []byte {
	if c.charset == utf16Charset {
		dst = append(dst, 0xFE, 0xFF)
	}
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		text = text[n:]
		switch c.charset {
		case ascii, latin1:
			if r > 0xFF || c.charset == ascii && r > 0x7F {
				r = '?'
			}
			dst = append(dst, byte(r))
		default:
			if r < 0x10000 {
				dst = c.unit(dst, uint16(r))
			} else {
				hi, lo := utf16.EncodeRune(r)
				dst = c.unit(c.unit(dst, uint16(hi)), uint16(lo))
			}
		}
	}
	return dst
}

func (c *stringConverter) unit(dst []byte, u uint16) []byte {
	if c.charset == utf16LE {
		return append(dst, byte(u), byte(u>>8))
	}
	return append(dst, byte(u>>8), byte(u))
}

func (c *stringConverter) read(b []byte) (*data.Schema, data.Value, error) {
	switch {
	case b == nil:
		return optionalString, data.Null(), nil
	case c.charset != utf8Charset:
		return optionalString, data.StringValue(c.decode(b)), nil
	}
	return optionalString, data.StringValue(javatext.DecodeUTF8(b)), nil
}

func (c *stringConverter) decode(b []byte) string {
	if c.charset == ascii || c.charset == latin1 {
		var out strings.Builder
		for _, x := range b {
			r := rune(x)
			if c.charset == ascii && x > 0x7F {
				r = utf8.RuneError
			}
			out.WriteRune(r)
		}
		return out.String()
	}
	little := c.charset == utf16LE
	if c.charset == utf16Charset && len(b) >= 2 {
		switch {
		case b[0] == 0xFE && b[1] == 0xFF:
			b = b[2:]
		case b[0] == 0xFF && b[1] == 0xFE:
			little, b = true, b[2:]
		}
	}
	units := make([]uint16, 0, len(b)/2+1)
	for ; len(b) >= 2; b = b[2:] {
		u := uint16(b[0])<<8 | uint16(b[1])
		if little {
			u = u<<8 | u>>8
		}
		units = append(units, u)
	}
	if len(b) == 1 {
		units = append(units, utf8.RuneError)
	}
	return string(utf16.Decode(units))
}
