package schemaregistry

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/go-json-experiment/json/jsontext"
)

// machine runs decisions on a state whose topic is a slice.
type machine struct {
	state  *state
	parser *parser
	topic  []record
}

func (m *machine) commit(records []record) string {
	var out strings.Builder
	for _, r := range records {
		m.topic = append(m.topic, r)
		if err := m.state.apply(r.key, r.value, 1000, int64(len(m.topic)-1)); err != nil {
			return err.Error()
		}
		fmt.Fprintf(&out, "write %s\n      %s\n", r.key, r.value)
	}
	return out.String()
}

// TestTranscripts runs testdata. Commands have the subject and options as arguments and a schema as input:
//
//	register subject=s [type=JSON] [ref=name/subject/version] [id=n] [version=n] [normalize] [metadata=…] [drop]
//	lookup, check: likewise
//	delete subject=s [version=n] [permanent]
//	config [subject=s] level=l, mode [subject=s] mode=m [force]
//	apply: key and value lines; show: what there is
func TestTranscripts(t *testing.T) {
	datadriven.Walk(t, "testdata/transcripts", func(t *testing.T, path string) {
		m := &machine{state: newState(), parser: new(parser)}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			out := m.run(d)
			if !strings.HasSuffix(out, "\n") {
				out += "\n"
			}
			return out
		})
	})
}

func (m *machine) run(d *datadriven.TestData) string {
	arg := func(name string) string {
		for _, a := range d.CmdArgs {
			if a.Key == name {
				return strings.Join(a.Vals, ",")
			}
		}
		return ""
	}
	number := func(name string, none int) int {
		n, err := strconv.Atoi(arg(name))
		if err != nil {
			return none
		}
		return n
	}
	subject := plainName(arg("subject"))
	req := schemaRequest{Schema: d.Input, SchemaType: arg("type"), ID: int32(number("id", 0)), Version: number("version", 0), Metadata: jsontext.Value(arg("metadata"))}
	for ref := range strings.FieldsSeq(arg("ref")) {
		p := strings.Split(ref, "/")
		n, _ := strconv.Atoi(p[2])
		req.References = append(req.References, reference{p[0], p[1], n})
	}
	switch d.Cmd {
	case "register":
		found, made, fail := register(m.state, m.parser, subject, req, d.HasArg("normalize"), "BACKWARD")
		switch {
		case fail != nil:
			return fail.Error()
		case found != nil:
			return fmt.Sprintf("found version %d, id %d", found.number, found.id)
		}
		return m.commit([]record{schemaRecord(made)})
	case "lookup":
		v, fail := lookUp(m.state, m.parser, subject, req, d.HasArg("normalize"), d.HasArg("deleted"))
		if fail != nil {
			return fail.Error()
		}
		return fmt.Sprintf("version %d, id %d", v.number, v.id)
	case "delete":
		if d.HasArg("version") {
			_, records, fail := deleteVersion(m.state, subject, number("version", latest), d.HasArg("permanent"))
			if fail != nil {
				return fail.Error()
			}
			return m.commit(records)
		}
		numbers, records, fail := deleteSubject(m.state, subject, d.HasArg("permanent"))
		if fail != nil {
			return fail.Error()
		}
		return fmt.Sprintf("%v\n%s", numbers, m.commit(records))
	case "config":
		return m.commit([]record{configRecord(subject, &config{Level: arg("level"), Group: arg("group"), Policy: arg("policy")})})
	case "mode":
		records, fail := setMode(m.state, subject, arg("mode"), d.HasArg("force"))
		if fail != nil {
			return fail.Error()
		}
		return m.commit(records)
	case "apply":
		key, value, _ := strings.Cut(d.Input, "\n")
		return m.commit([]record{{[]byte(key), []byte(value)}})
	case "show":
		return m.show()
	}
	return "unknown command " + d.Cmd
}

// show prints the state, and the same from the topic read again after it was compacted: they must not differ.
func (m *machine) show() string {
	compacted, last := newState(), map[string]int{}
	for i, r := range m.topic {
		last[string(r.key)] = i
	}
	for i, r := range m.topic {
		if last[string(r.key)] == i {
			if err := compacted.apply(r.key, r.value, 1000, int64(i)); err != nil {
				return err.Error()
			}
		}
	}
	now, again := print(m.state), print(compacted)
	if now != again {
		return "memory:\n" + now + "topic after compaction:\n" + again
	}
	return now
}

func print(s *state) string {
	var out strings.Builder
	for _, versions := range s.subjects(":*:") {
		for _, v := range versions {
			deleted := ""
			if v.deleted {
				deleted = " deleted"
			}
			c, _, _ := s.byID(first(splitName(v.subject)), v.id)
			other := ""
			if c.key != v.content.key {
				other = " (the id stands for " + c.text + ")"
			}
			fmt.Fprintf(&out, "%s %d: id %d%s %s%s\n", v.subject, v.number, v.id, deleted, v.content.text, other)
		}
	}
	return out.String()
}
