package rest

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// A headerRule is one element of response.http.headers.config.
type headerRule struct {
	name, value string
	add         bool          // beside a header of that name instead of in its place
	date        bool          // the value is the time of the answer plus offset
	offset      time.Duration // given in milliseconds
}

var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// parseHeaders reads response.http.headers.config: a comma list of "[set|add|setDate|addDate] name:value", elements with commas quoted.
func parseHeaders(text string) ([]headerRule, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	r := csv.NewReader(strings.NewReader(text))
	r.TrimLeadingSpace, r.LazyQuotes = true, true
	fields, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("response.http.headers.config: %w", err)
	}
	var out []headerRule
	for _, f := range fields {
		action, rest, _ := strings.Cut(strings.TrimSpace(f), " ")
		name, value, pair := strings.Cut(rest, ":")
		rule := headerRule{name: strings.TrimSpace(name), value: strings.TrimSpace(value)}
		if !pair || !headerName.MatchString(rule.name) {
			//lint:ignore ST1005 this is Kafka Connect's text
			return nil, fmt.Errorf("Invalid format of header name and header value pair '%s'. Expected: '[header name]:[header value]'", f)
		}
		switch action {
		case "set", "add", "setDate", "addDate":
		default:
			return nil, fmt.Errorf("response.http.headers.config: action %q: want set, add, setDate or addDate", action)
		}
		rule.add, rule.date = strings.HasPrefix(action, "add"), strings.HasSuffix(action, "Date")
		if rule.date {
			ms, err := strconv.ParseInt(rule.value, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("response.http.headers.config: %s %s: %q: want milliseconds from now", action, rule.name, rule.value)
			}
			rule.offset = time.Duration(ms) * time.Millisecond
		}
		out = append(out, rule)
	}
	return out, nil
}

// headers adds the configured headers to every answer.
func headers(rules []headerRule) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			for _, r := range rules {
				v := r.value
				if r.date {
					v = time.Now().Add(r.offset).UTC().Format(http.TimeFormat)
				}
				if r.add {
					h.Add(r.name, v)
				} else {
					h.Set(r.name, v)
				}
			}
			return next(c)
		}
	}
}

// parseOrigins reads access.control.allow.origin: a comma list of regular expressions that whole origins match, a lone * being any. nil
// means that there are no CORS headers at all.
func parseOrigins(text string) (*regexp.Regexp, error) {
	var list []string
	for o := range strings.SplitSeq(text, ",") {
		switch o = strings.TrimSpace(o); o {
		case "":
		case "*":
			list = append(list, ".*")
		default:
			list = append(list, o)
		}
	}
	if list == nil {
		return nil, nil
	}
	re, err := regexp.Compile("^(?:" + strings.Join(list, "|") + ")$")
	if err != nil {
		return nil, fmt.Errorf("access.control.allow.origin: %w", err)
	}
	return re, nil
}

// cors lets pages of the configured origins in, as Kafka Connect 4 does. It refuses nobody: browsers do that for want of the headers, but
// only for reading answers and for requests that a plain form could not send. Without any origin a page elsewhere still cannot change a
// configuration, but it can send an empty POST, which restarts.
func (s *Server) cors(origins *regexp.Regexp) echo.MiddlewareFunc {
	methods := orElse(s.cfg.Settings.AllowMethods, "GET,POST,HEAD")
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if origins == nil {
			return next
		}
		return func(c echo.Context) error {
			in, h := c.Request(), c.Response().Header()
			h.Add("Vary", "Origin")
			if origin := in.Header.Get("Origin"); origin != "" && origins.MatchString(origin) {
				h.Set("Access-Control-Allow-Origin", origin)
				h.Set("Access-Control-Allow-Credentials", "true")
				if in.Method == http.MethodOptions && in.Header.Get("Access-Control-Request-Method") != "" {
					h.Set("Access-Control-Allow-Methods", methods)
					h.Set("Access-Control-Allow-Headers", "Content-Type")
					h.Set("Access-Control-Max-Age", "60")
				}
			}
			return next(c)
		}
	}
}
