package avroconv

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/converters/avroconv/avroschema"
	"github.com/kurier-io/kurier/converters/jsonconv"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// TestSchemasAreThoseOfAvroData compares with what Confluent's AvroData answered with Avro 1.12.0 (testdata/avrodata.txt). A line asks:
// W to write a Connect schema, given as JsonConverter prints it, R to read an Avro schema; settings; the schema. The next line is the answer.
func TestSchemasAreThoseOfAvroData(t *testing.T) {
	f, err := os.Open("testdata/avrodata.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	n := 0
	for ; in.Scan(); n++ {
		line := in.Text()
		in.Scan()
		want, good := strings.CutPrefix(in.Text(), "OK ")
		got, err := answer(t, line)
		switch {
		case good && err != nil:
			t.Errorf("%s\n error %v\n  want %s", line, err, want)
		case good && got != want:
			t.Errorf("%s\n   got %s\n  want %s", line, got, want)
		case !good && err == nil:
			t.Errorf("%s\n   got %s\n  want %s", line, got, want)
		case !good:
			if _, text, _ := strings.Cut(want, ": "); !strings.Contains(err.Error(), text) {
				t.Errorf("%s\n error %v\n  want %s", line, err, text)
			}
		}
	}
	if n < 70 || in.Err() != nil {
		t.Fatal(n, in.Err())
	}
}

// answer does what a line asks.
func answer(t *testing.T, line string) (string, error) {
	t.Helper()
	parts := strings.SplitN(line, " ", 3)
	var settings []string
	if parts[1] != "-" {
		settings = strings.Split(parts[1], ",")
	}
	c := newRegistry(t).open(t, settings...)
	if parts[0] == "W" {
		own, err := c.translate(fromJSON(t, parts[2]))
		if err != nil {
			return "", err
		}
		return own.String(), nil
	}
	s, err := avroschema.ParseStored(parts[2], nil)
	if err != nil {
		return "", err
	}
	read, err := c.read(s.Root, 0)
	if err != nil {
		return "", err
	}
	return toJSON(t, read), nil
}

func jsonConverter(t *testing.T) connect.Converter {
	c := jsonconv.New()
	if err := c.Configure(nil, false); err != nil {
		t.Fatal(err)
	}
	return c
}

// fromJSON reads a schema as that of an array's elements, of which there are none.
func fromJSON(t *testing.T, text string) *data.Schema {
	t.Helper()
	s, _, err := jsonConverter(t).ToConnectData("t", []byte(`{"schema":{"type":"array","items":`+text+`},"payload":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	return s.ValueSchema()
}

func toJSON(t *testing.T, s *data.Schema) string {
	t.Helper()
	b, _, err := jsonConverter(t).FromConnectData(nil, "t", data.ArrayOf(s).MustBuild(), arr())
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(b), `{"schema":{"type":"array","items":`), `,"optional":false},"payload":[]}`)
}
