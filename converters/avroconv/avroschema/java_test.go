package avroschema

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/linkedin/goavro/v2"
)

// moreThanJava are schemas of testdata/java.txt that Java 1.12.0 refuses by accident: it accepts an equal redefinition of an enum but not
// of a record (later versions do), a comment before the schema but not behind it, and cannot hold big integers in properties.
var moreThanJava = []string{"// x", "12345678901234567890", `{"type":"record","name":"B","fields":[]}},{"name":"y","type":{"type":"record","name":"B","fields":[]}}`}

// TestSchemasPrintAsInJava compares with what Avro 1.12.0's parser and Schema.toString gave for each schema (testdata/java.txt: a line
// with the schema, a line with the answer).
func TestSchemasPrintAsInJava(t *testing.T) {
	f, err := os.Open("testdata/java.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	n := 0
	for ; in.Scan(); n++ {
		text := in.Text()
		in.Scan()
		want, good := strings.CutPrefix(in.Text(), "OK ")
		for _, more := range moreThanJava {
			good = good || strings.Contains(text, more)
		}
		s, err := Parse(text, nil)
		switch {
		case good && err != nil:
			t.Errorf("%s: refused: %v", text, err)
		case !good && err == nil:
			t.Errorf("%s: accepted, Java says %s", text, want)
		case good && s.String() != want && !strings.HasPrefix(want, "ERR"):
			t.Errorf("%s\n prints %s\n   want %s", text, s, want)
		}
	}
	if n < 40 || in.Err() != nil {
		t.Fatal(n, in.Err())
	}
}

// TestAgreesWithGoavro runs a second parser over the same schemas. Where it differs from Java, Java is right here; what it says of them is
// by a part of the schema.
func TestAgreesWithGoavro(t *testing.T) {
	stricter := map[string]string{
		`"default":"NaN"`: "default value ought to have a float type", `"scale":-2`: "scale is less than zero", `"size":0`: "greater than zero",
		`["int","string"],"default":"x"`: "cannot encode binary int", `"default":{}`: "cannot encode binary null", `"default":"abc"`: "cannot encode binary fixed",
		`"symbols":[]`: "non-empty array", `"error"`: "unknown type name", `[]`: "one or more members",
	}
	raw, err := os.ReadFile("testdata/java.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	for i := 0; i < len(lines); i += 2 {
		s, err := Parse(lines[i], nil)
		if err != nil {
			continue
		}
		says := ""
		for part, text := range stricter {
			if strings.Contains(lines[i], part) && (part != "[]" || lines[i] == part) {
				says = text
			}
		}
		_, err = goavro.NewCodec(s.String())
		if (err != nil) != (says != "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, expected %q", s, err, says)
		}
	}
}
