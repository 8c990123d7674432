package serve

import (
	"context"
	"io"
	"log/slog"

	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// logShip is a slog.Handler whose lines go to the worker over the Watch stream, to stderr while there is none or it does not keep up.
// The worker decides what to show, so every level is shipped but debug.
type logShip struct {
	lines  chan *pluginpb.LogLine
	other  slog.Handler
	prefix string
	attrs  []*pluginpb.Attr
}

// maxLines bounds the lines that wait for the worker.
const maxLines = 1024

func newLogShip(stderr io.Writer) *logShip {
	return &logShip{lines: make(chan *pluginpb.LogLine, maxLines), other: slog.NewJSONHandler(stderr, nil)}
}

func (l *logShip) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (l *logShip) Handle(ctx context.Context, r slog.Record) error {
	line := &pluginpb.LogLine{Level: int32(r.Level), Message: r.Message, UnixNanos: r.Time.UnixNano(), Attrs: l.attrs[:len(l.attrs):len(l.attrs)]}
	r.Attrs(func(a slog.Attr) bool {
		line.Attrs = appendAttr(line.Attrs, l.prefix, a)
		return true
	})
	select {
	case l.lines <- line:
		return nil
	default:
		return l.other.Handle(ctx, r)
	}
}

func appendAttr(dst []*pluginpb.Attr, prefix string, a slog.Attr) []*pluginpb.Attr {
	v := a.Value.Resolve()
	if v.Kind() != slog.KindGroup {
		return append(dst, &pluginpb.Attr{Key: prefix + a.Key, Value: v.String()})
	}
	if a.Key != "" {
		prefix += a.Key + "."
	}
	for _, g := range v.Group() {
		dst = appendAttr(dst, prefix, g)
	}
	return dst
}

func (l *logShip) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *l
	c.other = l.other.WithAttrs(attrs)
	c.attrs = l.attrs[:len(l.attrs):len(l.attrs)]
	for _, a := range attrs {
		c.attrs = appendAttr(c.attrs, l.prefix, a)
	}
	return &c
}

func (l *logShip) WithGroup(name string) slog.Handler {
	c := *l
	c.other = l.other.WithGroup(name)
	c.prefix = l.prefix + name + "."
	return &c
}

func (l *logShip) ship(ctx context.Context, send func(*pluginpb.LogLine) error) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case line := <-l.lines:
			if err := send(line); err != nil {
				return err
			}
		}
	}
}
