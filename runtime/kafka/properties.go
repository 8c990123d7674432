// Package kafka builds Kafka clients from worker and connector settings: which properties reach which client (KIP-458
// and the layering of Kafka Connect), and what Java's client properties mean to franz-go.
package kafka

import (
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
	"time"
)

// Properties is a Java client's configuration: keys as in the Kafka documentation.
type Properties map[string]string

// over returns p with other's entries on top.
func (p Properties) over(other map[string]string) Properties {
	out := maps.Clone(p)
	maps.Copy(out, other)
	return out
}

// Error is a client property that cannot be honoured. It never holds a secret value.
type Error struct {
	Key string
	Fix string
}

func (e *Error) Error() string { return "client property " + e.Key + ": " + e.Fix }

func fail(key, format string, args ...any) error {
	return &Error{Key: key, Fix: fmt.Sprintf(format, args...)}
}

// reader takes typed values and keeps all errors.
type reader struct {
	props Properties
	errs  []error
}

func (r *reader) fail(key, format string, args ...any) {
	r.errs = append(r.errs, fail(key, format, args...))
}

func (r *reader) str(key, def string) string {
	if v := strings.TrimSpace(r.props[key]); v != "" {
		return v
	}
	return def
}

func (r *reader) has(key string) bool { return strings.TrimSpace(r.props[key]) != "" }

func (r *reader) int(key string, def, least, most int64) int64 {
	v := r.str(key, "")
	if v == "" {
		return def
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < least || n > most {
		r.fail(key, "%q: want an integer between %d and %d", v, least, most)
		return def
	}
	return n
}

// millis reads a duration; values beyond Go's range mean for ever.
func (r *reader) millis(key string, def time.Duration) time.Duration {
	n := r.int(key, def.Milliseconds(), 0, math.MaxInt64)
	if n > math.MaxInt64/int64(time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(n) * time.Millisecond
}

func (r *reader) bool(key string, def bool) bool {
	switch v := r.str(key, ""); strings.ToLower(v) {
	case "":
	case "true":
		return true
	case "false":
		return false
	default:
		r.fail(key, "%q: want true or false", v)
	}
	return def
}

func (r *reader) list(key string) []string {
	var out []string
	for s := range strings.SplitSeq(r.str(key, ""), ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
