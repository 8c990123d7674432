package host

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"

	hclog "github.com/hashicorp/go-hclog"
)

// hcLog lets go-plugin write to slog. What it has to say about starting and stopping processes is detail, so its levels are taken one down;
// lines that a plugin printed on stderr keep theirs.
type hcLog struct {
	log  *slog.Logger
	name string
	args []any
}

func newHCLog(l *slog.Logger) hclog.Logger { return &hcLog{log: l} }

func (h *hcLog) Log(level hclog.Level, msg string, args ...any) {
	l := map[hclog.Level]slog.Level{hclog.Warn: slog.LevelInfo, hclog.Error: slog.LevelWarn}[level]
	if level < hclog.Warn {
		l = slog.LevelDebug
	}
	for i := range args {
		if s, ok := args[i].(hclog.Format); ok && len(s) > 0 {
			args[i] = fmt.Sprintf(fmt.Sprint(s[0]), s[1:]...)
		}
	}
	h.log.Log(context.Background(), l, msg, args...)
}

func (h *hcLog) Trace(msg string, args ...any) { h.Log(hclog.Trace, msg, args...) }
func (h *hcLog) Debug(msg string, args ...any) { h.Log(hclog.Debug, msg, args...) }
func (h *hcLog) Info(msg string, args ...any)  { h.Log(hclog.Info, msg, args...) }
func (h *hcLog) Warn(msg string, args ...any)  { h.Log(hclog.Warn, msg, args...) }
func (h *hcLog) Error(msg string, args ...any) { h.Log(hclog.Error, msg, args...) }

func (h *hcLog) enabled(l slog.Level) bool { return h.log.Enabled(context.Background(), l) }

func (h *hcLog) IsTrace() bool { return h.enabled(slog.LevelDebug) }
func (h *hcLog) IsDebug() bool { return h.enabled(slog.LevelDebug) }
func (h *hcLog) IsInfo() bool  { return h.enabled(slog.LevelDebug) }
func (h *hcLog) IsWarn() bool  { return h.enabled(slog.LevelInfo) }
func (h *hcLog) IsError() bool { return h.enabled(slog.LevelWarn) }

func (h *hcLog) ImpliedArgs() []any { return h.args }

func (h *hcLog) With(args ...any) hclog.Logger {
	return &hcLog{log: h.log.With(args...), name: h.name, args: append(h.args[:len(h.args):len(h.args)], args...)}
}

func (h *hcLog) Name() string { return h.name }

func (h *hcLog) Named(name string) hclog.Logger { return &hcLog{log: h.log, name: name, args: h.args} }

func (h *hcLog) ResetNamed(name string) hclog.Logger { return h.Named(name) }

func (h *hcLog) SetLevel(hclog.Level) {}

func (h *hcLog) GetLevel() hclog.Level { return hclog.Debug }

func (h *hcLog) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return slog.NewLogLogger(h.log.Handler(), slog.LevelDebug)
}

func (h *hcLog) StandardWriter(o *hclog.StandardLoggerOptions) io.Writer {
	return h.StandardLogger(o).Writer()
}
