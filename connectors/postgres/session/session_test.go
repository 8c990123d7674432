package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

func TestErrorsAreSortedBySQLState(t *testing.T) {
	for code, want := range map[string]Class{
		"08006": Transient, "40001": Transient, "40P01": Transient, "53300": Transient, "55P03": Transient, "57P01": Transient, "58030": Transient,
		"22P02": Data, "23505": Data, "42703": Fatal, "0A000": Fatal, "28P01": Fatal, "XX000": Fatal, "": Fatal,
	} {
		if got := Classify(fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: code})); got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
	for _, err := range []error{io.ErrUnexpectedEOF, net.ErrClosed, &net.OpError{Op: "read", Err: errors.New("reset")}} {
		if Classify(err) != Transient {
			t.Errorf("%v is not transient", err)
		}
	}
	if Classify(errors.New("a bug")) != Fatal {
		t.Error("an unknown error is retried")
	}
}

func TestOpenTriesAsOftenAsConfigured(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	d, err := NewDialer(Settings{URL: "jdbc:postgresql://" + addr + "/d?user=u&sslmode=disable", Password: "s3cret", Attempts: 3, Backoff: time.Millisecond}, connect.Props{"connection.connectTimeout": "2"})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	_, err = d.Open(context.Background(), slog.New(slog.NewTextHandler(&log, nil)))
	ce, ok := errors.AsType[*connect.ConfigError](err)
	if !ok || ce.Key != KeyURL || !strings.Contains(err.Error(), addr) || strings.Contains(err.Error()+log.String(), "s3cret") || Classify(err) != Transient {
		t.Errorf("%v", err)
	}
	if n := strings.Count(log.String(), "trying again"); n != 2 {
		t.Errorf("%d retries, want 2: %s", n, log.String())
	}
}

func TestAttachNamesTheKeysOnce(t *testing.T) {
	values := []config.Value{{Name: KeyURL}, {Name: KeyUser}, {Name: KeyPassword}}
	err := permanent(KeyPassword, "refused", "correct it")
	for _, v := range Attach(Attach(values, err), err) {
		if len(v.Errors) != 1 {
			t.Errorf("%s: %q", v.Name, v.Errors)
		}
	}
}
