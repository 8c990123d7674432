package schemaregistry

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

// TestGoldenRecords holds the bytes of the topic, which another registry has to read.
func TestGoldenRecords(t *testing.T) {
	plain := &version{subject: "orders-value", number: 1, id: 1, content: newContent(avro, `"string"`, nil, nil, nil)}
	full := &version{subject: ":.eu:ordérs", number: 12, id: 7, deleted: true, md5: []byte(`"q83vEjRWeJA="`), content: newContent(jsonSchema, "{\"a\":\"<&>\u2028\"}",
		[]reference{{"a.json", "a", 3}}, jsontext.Value(`{"properties":{"owner":"x"}}`), jsontext.Value(`{"domainRules":[]}`))}
	for _, c := range []struct {
		name       string
		r          record
		key, value string
	}{
		{"schema", schemaRecord(plain), `{"keytype":"SCHEMA","subject":"orders-value","version":1,"magic":1}`,
			`{"subject":"orders-value","version":1,"id":1,"schema":"\"string\"","deleted":false}`},
		{"schema with everything", schemaRecord(full), `{"keytype":"SCHEMA","subject":":.eu:ordérs","version":12,"magic":1}`,
			`{"subject":":.eu:ordérs","version":12,"id":7,"md5":"q83vEjRWeJA=","schemaType":"JSON","references":[{"name":"a.json","subject":"a","version":3}],"metadata":{"properties":{"owner":"x"}},"ruleSet":{"domainRules":[]},"schema":"{\"a\":\"<&>` + "\u2028" + `\"}","deleted":true}`},
		{"schema removed", removeVersionRecord("s", 2), `{"keytype":"SCHEMA","subject":"s","version":2,"magic":1}`, ""},
		{"global config", configRecord("", &config{Level: "FULL"}), `{"keytype":"CONFIG","subject":null,"magic":0}`, `{"compatibilityLevel":"FULL"}`},
		{"config", configRecord("s", &config{Level: "FULL", Normalize: new(true), Alias: "t"}), `{"keytype":"CONFIG","subject":"s","magic":0}`,
			`{"subject":"s","alias":"t","normalize":true,"compatibilityLevel":"FULL"}`},
		{"config removed", configRecord("s", nil), `{"keytype":"CONFIG","subject":"s","magic":0}`, ""},
		{"global mode", modeRecord("", modeReadOnly), `{"keytype":"MODE","subject":null,"magic":0}`, `{"mode":"READONLY"}`},
		{"mode", modeRecord("s", modeImport), `{"keytype":"MODE","subject":"s","magic":0}`, `{"subject":"s","mode":"IMPORT"}`},
		{"mode removed", modeRecord("s", ""), `{"keytype":"MODE","subject":"s","magic":0}`, ""},
		{"subject deleted", deleteSubjectRecord("s", 4), `{"keytype":"DELETE_SUBJECT","subject":"s","magic":0}`, `{"subject":"s","version":4}`},
		{"nothing", noopRecord(), `{"keytype":"NOOP","magic":0}`, ""},
	} {
		if diff := cmp.Diff(c.key, string(c.r.key)); diff != "" {
			t.Errorf("%s, key: %s", c.name, diff)
		}
		if diff := cmp.Diff(c.value, string(c.r.value)); diff != "" {
			t.Errorf("%s, value: %s", c.name, diff)
		}
		if (c.value == "") != (c.r.value == nil) {
			t.Errorf("%s: a record without value has none", c.name)
		}
		if err := newState().apply(c.r.key, c.r.value, 1, 1); err != nil {
			t.Errorf("%s is not read back: %v", c.name, err)
		}
	}
}

// TestGUID holds the GUID of a schema to what Confluent's client computes: the MD5 of its text.
func TestGUID(t *testing.T) {
	if got, want := newContent(avro, `"string"`, nil, nil, nil).guid, "095d71cf-1255-6b9d-5e33-0ad575b3df5d"; got != want {
		t.Errorf("guid %s, want %s", got, want)
	}
	a := newContent(avro, `"string"`, []reference{{"n", "s", 1}}, jsontext.Value(`{"tags":{"b":["y","x"],"a":[]},"properties":{"k":"v"}}`), jsontext.Value(`{"domainRules":[{"name":"r","disabled":true}]}`))
	b := newContent(avro, `"string"`, []reference{{"n", "s", 1}}, jsontext.Value(`{"properties":{"k":"v"},"tags":{"a":[],"b":["x","y"]}}`), jsontext.Value(`{"domainRules":[{"disabled":true,"name":"r"}]}`))
	if a.guid != b.guid || a.guid == newContent(avro, `"string"`, nil, nil, nil).guid {
		t.Errorf("guids %s and %s", a.guid, b.guid)
	}
}

// TestStateSurvivesForeignRecords applies what other registries and versions write.
func TestStateSurvivesForeignRecords(t *testing.T) {
	s := newState()
	for _, r := range [][2]string{
		{`{"keytype":"CONTEXT","tenant":"default","context":".eu","magic":0}`, `{"tenant":"default","context":".eu"}`},
		{`{"magic":1,"version":1,"subject":"s","keytype":"SCHEMA"}`, `{"subject":"s","version":1,"id":5,"schema":"\"int\"","schemaTags":[{"tags":["x"]}],"deleted":false,"offset":3,"ts":4}`},
		{`{"keytype":"CONFIG","subject":"","magic":0}`, `{"subject":"","compatibilityLevel":"NONE"}`},
	} {
		if err := s.apply([]byte(r[0]), []byte(r[1]), 1, 1); err != nil {
			t.Errorf("%s: %v", r[0], err)
		}
	}
	if v := s.versions("s"); len(v) != 1 || v[0].id != 5 || v[0].content.text != `"int"` {
		t.Errorf("versions %+v", v)
	}
	if c := s.effective("s", "FULL"); c.Level != "NONE" {
		t.Errorf("level %q", c.Level)
	}
}

func FuzzApply(f *testing.F) {
	f.Add([]byte(`{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}`), []byte(`{"subject":"s","version":1,"id":1,"schema":"\"int\"","deleted":false}`), []byte(`{"keytype":"DELETE_SUBJECT","subject":"s","magic":0}`), []byte(`{"subject":"s","version":1}`))
	f.Add([]byte(`{"keytype":"CONFIG","subject":null,"magic":0}`), []byte(`{"compatibilityLevel":"FULL"}`), []byte(`{"keytype":"CLEAR_SUBJECT","subject":"s","magic":0}`), []byte(`{}`))
	f.Add([]byte(`{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}`), []byte(`{"id":2147483647,"schema":"","metadata":{"tags":1},"ruleSet":[]}`), []byte(`{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}`), []byte(nil))
	f.Fuzz(func(t *testing.T, key1, value1, key2, value2 []byte) {
		s := newState()
		for i, r := range []record{{key1, value1}, {key2, value2}, {key1, value1}} {
			_ = s.apply(r.key, r.value, 1, int64(i)) // malformed ones are refused; none may do harm
		}
		for _, versions := range s.subjects(":*:") {
			for _, v := range versions {
				if c, uses, maxID := s.byID(first(splitName(v.subject)), v.id); c == nil || len(uses) == 0 || maxID < v.id {
					t.Errorf("version %+v is not known by its id", v)
				}
				again := newState()
				r := schemaRecord(v)
				if err := again.apply(r.key, r.value, 1, 1); err != nil {
					t.Errorf("%s is not read back: %v", r.value, err)
				}
			}
		}
	})
}

func first(a, _ string) string { return a }
