package data_test

import (
	"errors"
	"strings"
	"testing"

	. "github.com/kurier-io/kurier/plugins/data"
)

func TestPlaces(t *testing.T) {
	bad := errors.New("bad")
	err := InField(InField(InElement(InField(bad, "zip", StringValue("x")), 2, Null()), "lines", Null()), "address", Null())
	if got := err.Error(); got != `bad (field address.lines[2].zip, found STRING "x")` {
		t.Error(got)
	}
	if !errors.Is(err, bad) || Cause(err) != bad || Cause(bad) != bad {
		t.Error("the cause is lost")
	}
	for want, v := range map[string]Value{
		"null": {}, "INT8 -1": Int8Value(-1), "ARRAY of 1": ArrayValue([]Value{{}}), "BYTES of 2": BytesValue([]byte{1, 2}),
		`STRING "` + strings.Repeat("é", 30) + `…"`: StringValue(strings.Repeat("é", 40)),
	} {
		if got := Excerpt("f", v); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for _, name := range []string{"password", "DB_Password", "authToken", "client_secret"} {
		if got := Excerpt(name, StringValue("hunter2")); got != "STRING [hidden]" {
			t.Errorf("%s: %s", name, got)
		}
	}
}
