package settings

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parser reads typed values out of properties and collects problems.
type parser struct {
	props    map[string]string
	problems []Problem
}

func (p *parser) fail(key, format string, args ...any) {
	v := p.props[key]
	if v != "" && Secret(key) {
		v = Masked
	}
	p.problems = append(p.problems, Problem{Key: key, Value: v, Fix: fmt.Sprintf(format, args...)})
}

func (p *parser) str(key, def string) string {
	if v, ok := p.props[key]; ok {
		return strings.TrimSpace(v)
	}
	return def
}

func (p *parser) required(key, what string) string {
	v := p.str(key, "")
	if v == "" {
		p.fail(key, "is required: %s", what)
	}
	return v
}

// list splits on commas with surrounding blanks removed.
func (p *parser) list(key string) []string {
	v := p.str(key, "")
	if v == "" {
		return nil
	}
	out := strings.Split(v, ",")
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

func (p *parser) boolean(key string, def bool) bool {
	v := p.str(key, "")
	switch strings.ToLower(v) {
	case "":
		return def
	case "true":
		return true
	case "false":
		return false
	}
	p.fail(key, "want true or false")
	return def
}

func (p *parser) integer(key string, def, least, most int64) int64 {
	v := p.str(key, "")
	if v == "" {
		return def
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < least || n > most {
		switch {
		case most == math.MaxInt64 || most == math.MaxInt32:
			p.fail(key, "want an integer of at least %d", least)
		default:
			p.fail(key, "want an integer between %d and %d", least, most)
		}
		return def
	}
	return n
}

// int32 reads a Java int.
func (p *parser) int32(key string, def, least int64) int {
	return int(p.integer(key, def, least, math.MaxInt32))
}

// millis reads a duration; longer ones than Go can hold become the longest.
func (p *parser) millis(key string, def, least int64) time.Duration {
	n := p.integer(key, def, least, math.MaxInt64)
	if n > math.MaxInt64/int64(time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(n) * time.Millisecond
}

// count reads partitions or replication factors: positive, or -1 for the broker's default.
func (p *parser) count(key string, def, most int64) int {
	n := p.integer(key, def, -1, most)
	if n == 0 {
		p.fail(key, "want a positive number, or -1 for the broker's default")
		return int(def)
	}
	return int(n)
}

// oneOf reads a choice in any case and returns it as it stands in choices.
func (p *parser) oneOf(key, def string, choices ...string) string {
	v := p.str(key, "")
	if v == "" {
		return def
	}
	for _, c := range choices {
		if strings.EqualFold(c, v) {
			return c
		}
	}
	p.fail(key, "want one of %s", strings.Join(choices, ", "))
	return def
}
