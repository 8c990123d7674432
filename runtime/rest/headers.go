package rest

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// responseHeaders reads response.http.headers.config: a comma list of "[set|add|setDate|addDate] name:value".
func responseHeaders(rules string) (echo.MiddlewareFunc, error) {
	type rule struct{ action, name, value string }
	var parsed []rule
	if strings.TrimSpace(rules) != "" {
		r := csv.NewReader(strings.NewReader(rules))
		r.TrimLeadingSpace, r.LazyQuotes = true, true
		fields, err := r.Read()
		if err != nil {
			return nil, fmt.Errorf("response.http.headers.config: %w", err)
		}
		for _, f := range fields {
			action, rest, ok := strings.Cut(strings.TrimSpace(f), " ")
			name, value, pair := strings.Cut(rest, ":")
			if !ok || !pair {
				return nil, fmt.Errorf("Invalid format of header name and header value pair '%s'. Expected: '[header name]:[header value]'", f) //nolint:staticcheck // Kafka Connect's text
			}
			switch action {
			case "set", "add", "setDate", "addDate":
			default:
				return nil, fmt.Errorf("response.http.headers.config: action %q: want set, add, setDate or addDate", action)
			}
			parsed = append(parsed, rule{action, strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			for _, r := range parsed {
				v := r.value
				if strings.HasSuffix(r.action, "Date") {
					if t, err := time.Parse(time.RFC3339, v); err == nil {
						v = t.UTC().Format(http.TimeFormat)
					}
				}
				if strings.HasPrefix(r.action, "set") {
					h.Set(r.name, v)
				} else {
					h.Add(r.name, v)
				}
			}
			return next(c)
		}
	}, nil
}

// cors answers browsers of the configured origin; without one there are no CORS headers at all. A page of another origin cannot change
// anything either way: every changing request needs a JSON content type, which a browser sends across origins only after asking.
func (s *Server) cors(next echo.HandlerFunc) echo.HandlerFunc {
	allowed := s.cfg.Settings.AllowOrigin
	methods := orElse(s.cfg.Settings.AllowMethods, "GET,POST,HEAD")
	return func(c echo.Context) error {
		origin := c.Request().Header.Get("Origin")
		if allowed == "" || origin == "" || allowed != "*" && !strings.Contains(","+allowed+",", ","+origin+",") {
			return next(c)
		}
		h := c.Response().Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Add("Vary", "Origin")
		if c.Request().Method == http.MethodOptions && c.Request().Header.Get("Access-Control-Request-Method") != "" {
			h.Set("Access-Control-Allow-Methods", methods)
			h.Set("Access-Control-Allow-Headers", "X-Requested-With,Content-Type,Accept,Origin")
			return c.NoContent(http.StatusOK)
		}
		return next(c)
	}
}
