package schemaregistry

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestAnyHistory does what clients may do in any order. After each step an id stands for one schema and what was given
// stays, versions are not used again while one of them is left, and the compacted topic says what memory says.
func TestAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{state: newState(), parser: new(parser)}
		m.commit([]record{configRecord("", &config{Level: "NONE"})})
		given := map[int32]contentKey{}
		subject := rapid.SampledFrom([]string{"a", "b", ":.c:a"})
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			s, n := subject.Draw(t, "subject"), rapid.IntRange(1, 4).Draw(t, "n")
			before := m.state.versions(s)
			switch permanent := rapid.Bool().Draw(t, "permanent"); rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				found, made, fail := register(m.state, m.parser, s, schemaRequest{Schema: fmt.Sprintf(`{"type":"fixed","name":"F","size":%d}`, n)}, false, "NONE")
				switch {
				case fail != nil:
					t.Fatal(fail)
				case found != nil:
					continue
				case len(before) > 0 && made.number <= before[len(before)-1].number:
					t.Fatalf("version %d of %s after %d", made.number, s, before[len(before)-1].number)
				}
				name, _ := splitName(s)
				if name == defaultContext {
					if k, ok := given[made.id]; ok && k != made.content.key {
						t.Fatalf("id %d is given to another schema", made.id)
					}
					given[made.id] = made.content.key
				}
				m.commit([]record{schemaRecord(made)})
			case 2:
				if _, records, fail := deleteVersion(m.state, s, n, permanent); fail == nil {
					m.commit(records)
				}
			case 3:
				if _, records, fail := deleteSubject(m.state, s, permanent); fail == nil {
					m.commit(records)
				}
			}
			if out := m.show(); len(out) > 7 && out[:7] == "memory:" {
				t.Fatal(out)
			}
			for _, versions := range m.state.subjects(":*:") {
				for _, v := range versions {
					if !m.state.stands(v) {
						t.Fatalf("the id of %+v stands for something else", v)
					}
				}
			}
		}
	})
}
