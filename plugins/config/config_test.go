package config

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type sample struct {
	URL   string        `config:"url,required" doc:"Where." group:"Connection" importance:"high"`
	Pass  Password      `config:"password" doc:"Secret." group:"Connection"`
	Poll  time.Duration `config:"poll.interval.ms" default:"5000" min:"1"`
	Tasks int           `config:"tasks" default:"1" min:"1" max:"10"`
	Mode  string        `config:"mode" default:"bulk" enum:"bulk|incrementing"`
	List  []string      `config:"tables" default:""`
	On    bool          `config:"on" default:"false"`
}

func TestParseFillsTypedSettings(t *testing.T) {
	got, err := Parse[sample](map[string]string{"url": " u ", "password": " p ", "tables": "a, b", "on": "TRUE", "poll.interval.ms": "20"})
	if err != nil {
		t.Fatal(err)
	}
	want := sample{URL: "u", Pass: " p ", Poll: 20 * time.Millisecond, Tasks: 1, Mode: "bulk", List: []string{"a", "b"}, On: true}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if text := fmt.Sprintf("%v %+v %#v", got, got, got.Pass); strings.Contains(text, " p ") {
		t.Errorf("a password is printed: %s", text)
	}
}

func TestErrorsAreKafkas(t *testing.T) {
	_, err := Parse[sample](map[string]string{"tasks": "zz", "mode": "x", "on": "1", "poll.interval.ms": "0"})
	want := []string{
		`Missing required configuration "url" which has no default value.`,
		`Invalid value 0 for configuration poll.interval.ms: Value must be at least 1`,
		`Invalid value zz for configuration tasks: Not a number of type INT`,
		`Invalid value null for configuration tasks: Value must be non-null`,
		`Invalid value x for configuration mode: String must be one of: bulk, incrementing`,
		`Invalid value 1 for configuration on: Expected value to be either true or false`,
	}
	if d := cmp.Diff(strings.Join(want, "\n"), err.Error()); d != "" {
		t.Error(d)
	}
}

func TestADefinitionTravelsAsJSON(t *testing.T) {
	d := Of[sample]()
	enc, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back Def
	if err := json.Unmarshal(enc, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*d, back, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Check" }, cmp.Ignore())); diff != "" {
		t.Error(diff)
	}
	if k, _ := back.Key("password"); k.Order != 2 || k.Group != "Connection" || k.Type != PasswordType {
		t.Errorf("%+v", k)
	}
}

func TestAPasswordIsNeverShown(t *testing.T) {
	k := Key{Name: "pw", Type: PasswordType, Check: func(string) error { return fmt.Errorf("too weak") }}
	v := k.Validate("s3cret", true)
	enc, _ := json.Marshal(v)
	if strings.Contains(string(enc), "s3cret") {
		t.Errorf("%s", enc)
	}
}
