// Package values reads and writes values as text by the rules of org.apache.kafka.connect.data.Values, which is how headers travel.
package values

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kurier-io/kurier/converters/simpledate"
	"github.com/kurier-io/kurier/plugins/data"
)

var (
	stringSchema    = data.Of(data.String).MustBuild()
	boolSchema      = data.Of(data.Boolean).MustBuild()
	int8Schema      = data.Of(data.Int8).MustBuild()
	int16Schema     = data.Of(data.Int16).MustBuild()
	int32Schema     = data.Of(data.Int32).MustBuild()
	int64Schema     = data.Of(data.Int64).MustBuild()
	float32Schema   = data.Of(data.Float32).MustBuild()
	float64Schema   = data.Of(data.Float64).MustBuild()
	dateSchema      = data.DateOf().MustBuild()
	timeSchema      = data.TimeOf().MustBuild()
	timestampSchema = data.TimestampOf().MustBuild()
)

// maxDepth bounds nesting. Java's parser has no bound but its stack.
const maxDepth = 100

type result struct {
	schema *data.Schema
	value  data.Value
}

type parser struct {
	tokens
	depth int
}

// Parse infers what a text means, as Values.parseString: the smallest number type that fits, true and false, null, dates, times and
// timestamps in their exact ISO layout (taken as UTC), arrays and maps; anything else is a string. Null comes back without a schema.
// Arrays and maps whose elements have no common schema come back without a schema too.
//
// As in Java, whatever follows a number, array or map is dropped. The result may alias the text.
func Parse(text string) (*data.Schema, data.Value) {
	if text == "" {
		return stringSchema, data.StringValue(text)
	}
	p := parser{tokens: tokens{text: text}}
	r, err := p.parse(false)
	if err != nil {
		return stringSchema, data.StringValue(text)
	}
	return r.schema, r.value
}

func (p *parser) parse(embedded bool) (result, error) {
	switch {
	case !p.more():
		return result{}, nil
	case embedded && p.consume(`"`):
		return p.quoted(), nil
	case p.literal(embedded, "null"):
		return result{}, nil
	case p.literal(embedded, "true"):
		return result{boolSchema, data.BoolValue(true)}, nil
	case p.literal(embedded, "false"):
		return result{boolSchema, data.BoolValue(false)}, nil
	}
	start := p.mark()
	if r, ok := p.container(); ok {
		return r, nil
	}
	p.rewind(start)
	tok := p.next()
	if blank(tok) {
		return result{stringSchema, data.StringValue(tok)}, nil
	}
	return p.scalar(embedded, trim(tok))
}

func (p *parser) container() (r result, ok bool) {
	if p.depth >= maxDepth {
		return r, false
	}
	p.depth++
	defer func() { p.depth-- }()
	var err error
	switch {
	case p.consume("["):
		r, err = p.array()
	case p.consume("{"):
		r, err = p.mapping()
	default:
		return r, false
	}
	return r, err == nil
}

// literal takes a word, which at the top level must be all there is.
func (p *parser) literal(embedded bool, word string) bool {
	start := p.mark()
	if p.consume(word) && (embedded || !p.more()) {
		return true
	}
	p.rewind(start)
	return false
}

func (p *parser) quoted() result {
	var content strings.Builder
	for p.more() && !p.consume(`"`) {
		content.WriteString(p.next())
	}
	if r, ok := temporal(content.String()); ok {
		return r
	}
	return result{stringSchema, data.StringValue(content.String())}
}

func (p *parser) scalar(embedded bool, tok string) (result, error) {
	first, _ := utf8.DecodeRuneInString(tok)
	digit := unicode.IsDigit(first)
	if digit {
		// An unescaped colon parts a time into five tokens.
		pos := p.mark()
		if rest, ok := p.skip(4); ok {
			if r, ok := temporal(tok + rest); ok {
				return r, nil
			}
		}
		p.rewind(pos)
		if r, ok := temporal(tok); ok {
			return r, nil
		}
	}
	if digit || first == '+' || first == '-' {
		if r, ok := number(tok); ok {
			return r, nil
		}
	}
	if embedded {
		return result{}, data.Errorf("Failed to parse embedded value")
	}
	return result{stringSchema, data.StringValue(p.text)}, nil
}

var (
	dateFormat      = compile("yyyy-MM-dd")
	timeFormat      = compile("HH:mm:ss.SSS'Z'")
	timestampFormat = compile("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
)

func compile(pattern string) *simpledate.Format {
	f, err := simpledate.Compile(pattern)
	if err != nil {
		panic(err)
	}
	return f
}

// temporal recognises dates, times and timestamps by their length.
func temporal(s string) (result, bool) {
	s = strings.ReplaceAll(s, `\:`, ":")
	var f *simpledate.Format
	var schema *data.Schema
	switch utf8.RuneCountInString(s) {
	case 10:
		f, schema = dateFormat, dateSchema
	case 13:
		f, schema = timeFormat, timeSchema
	case 24:
		f, schema = timestampFormat, timestampSchema
	default:
		return result{}, false
	}
	ms, ok := f.Parse(s, time.Now)
	return result{schema, data.TimestampValue(ms)}, ok
}
