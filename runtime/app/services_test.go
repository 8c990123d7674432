package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestServicesStartInOrderAndStopInReverse(t *testing.T) {
	for _, c := range []struct {
		name  string
		fails string // which service fails after a second
		early string // which service fails before it is ready
		want  []string
	}{
		{name: "stopped", want: []string{"+a", "+b", "+c", "-c", "-b", "-a"}},
		{name: "one fails", fails: "b", want: []string{"+a", "+b", "+c", "-b", "-c", "-a"}},
		{name: "one does not start", early: "b", want: []string{"+a", "-b", "-a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var log []string
				note := func(s string) {
					mu.Lock()
					defer mu.Unlock()
					log = append(log, s)
				}
				boom := errors.New("boom")
				mk := func(name string) service {
					return service{name, func(ctx context.Context, ready func()) error {
						defer note("-" + name)
						if c.early == name {
							return boom
						}
						note("+" + name)
						ready()
						if c.fails == name {
							time.Sleep(time.Second)
							return boom
						}
						<-ctx.Done()
						return nil
					}}
				}
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				err := run(ctx, mk("a"), mk("b"), mk("c"))
				if !slices.Equal(log, c.want) {
					t.Errorf("%v, want %v", log, c.want)
				}
				if wantErr := c.fails+c.early != ""; errors.Is(err, boom) != wantErr {
					t.Errorf("err %v", err)
				}
			})
		})
	}
}
