package avroconv

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/converters/avroconv/avroschema"
	"github.com/kurier-io/kurier/plugins/data"
)

// avroTexts are the Avro schemas of testdata/avrodata.txt, asked for and answered.
func avroTexts(f *testing.F) []string {
	raw, err := os.ReadFile("testdata/avrodata.txt")
	if err != nil {
		f.Fatal(err)
	}
	var out []string
	lines := strings.Split(string(raw), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		switch ask := strings.SplitN(lines[i], " ", 3); {
		case ask[0] == "R":
			out = append(out, ask[2])
		case strings.HasPrefix(lines[i+1], "OK "):
			out = append(out, lines[i+1][3:])
		}
	}
	return out
}

// FuzzRead reads bytes with a writer's schema: no panic, no value that does not fit the schema that it comes with, and what was read is
// written and read again as the same.
func FuzzRead(f *testing.F) {
	for _, text := range avroTexts(f) {
		f.Add(text, []byte{2, 4, 'a', 'b', 2, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 0}, byte(0))
	}
	f.Fuzz(func(t *testing.T, text string, body []byte, flags byte) {
		parsed, err := avroschema.ParseStored(text, nil)
		if err != nil {
			return
		}
		o := &avroData{MetaData: flags&1 == 0, Enhanced: flags&2 != 0, Generalized: flags&4 != 0, FlattenSingletons: flags&8 == 0, DiscardTypeDefault: flags&16 != 0, IgnoreDefault: true}
		s, err := o.read(parsed.Root, 0)
		if err != nil {
			return
		}
		plan, err := o.decoder(s, parsed.Root)
		if err != nil {
			return
		}
		var r reader
		var v data.Value
		r.reset(body)
		if err := r.read(plan, &v); err != nil {
			return
		}
		if err := data.Validate(s, v); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if v.IsNull() {
			return
		}
		back, err := o.compile(s, parsed.Root)
		if err != nil {
			return // a name that AvroData gives away, such as a union's of two fixed
		}
		out, err := back.append(nil, v)
		if err != nil {
			return // null for a member that is required, a time out of its day
		}
		var again data.Value
		r.reset(out)
		if err := r.read(plan, &again); err != nil {
			t.Fatalf("%s: %x is written as %x, which is not read: %v", text, body, out, err)
		}
		twice, err := back.append(nil, again)
		if err != nil || !bytes.Equal(out, twice) {
			t.Fatalf("%s: %x is written as %x, then as %x %v", text, body, out, twice, err)
		}
	})
}

// FuzzSchemas translates the Connect schema of any Avro schema back: the text is one that can be read, and names the same schema.
func FuzzSchemas(f *testing.F) {
	for _, text := range avroTexts(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := avroschema.ParseStored(text, nil)
		if err != nil {
			return
		}
		o := &avroData{MetaData: true, Enhanced: true, FlattenSingletons: true}
		s, err := o.read(parsed.Root, 0)
		if err != nil {
			return
		}
		typ, err := o.translate(s)
		if err != nil {
			return
		}
		own := (&avroschema.Schema{Root: typ}).String()
		again, err := avroschema.ParseStored(own, nil)
		if err != nil {
			return // properties may hold names and symbols that Avro refuses
		}
		if again.String() != own {
			t.Fatalf("%s is printed as %s", own, again)
		}
		s2, err := o.read(again.Root, 0)
		if err != nil {
			return
		}
		if s.Type() != s2.Type() || s.NumFields() != s2.NumFields() || s.Optional() != s2.Optional() {
			t.Fatalf("%s: %s came back as another schema from %s", text, s, own)
		}
	})
}
