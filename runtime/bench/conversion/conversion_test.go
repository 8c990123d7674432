package conversion

import (
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/converters/avroconv"
	"github.com/kurier-io/kurier/converters/jsonconv"
	"github.com/kurier-io/kurier/converters/rawconv"
	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/transforms"
)

// TestTheFloorWritesTheSameBytes holds the hand-written yardsticks to what the converters write.
func TestTheFloorWritesTheSameBytes(t *testing.T) {
	m := fixture(t)
	for _, s := range shapes() {
		st := data.StructOn(s.schema, s.row())
		for _, f := range m.formats() {
			hand := s.handJSON
			switch f.name {
			case "JSON":
			case "Avro":
				hand = s.handAvro
			default:
				continue
			}
			conv, err := m.converter(f)
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := conv.FromConnectData(nil, topic, s.schema, data.StructValue(st))
			if err != nil {
				t.Fatal(err)
			}
			var prefix []byte
			if f.name == "Avro" {
				prefix = got[:5]
			}
			if d := cmp.Diff(string(hand(prefix[:len(prefix):len(prefix)], st)), string(got)); d != "" {
				t.Errorf("%s as %s: %s", s.name, f.name, d)
			}
		}
	}
}

// TestTheChainsApply sees to it that the measured transformations do something to every shape.
func TestTheChainsApply(t *testing.T) {
	m := fixture(t)
	for _, s := range shapes() {
		for n := range len(five) + 1 {
			j, err := m.writing(&s, m.formats()[0], n)
			if err != nil {
				t.Fatal(err)
			}
			if err := j(); err != nil {
				t.Errorf("%s, %d transforms: %v", s.name, n, err)
			}
		}
	}
}

func TestSchemasAreServed(t *testing.T) {
	m := fixture(t)
	s := shapes()[0]
	conv, err := m.converter(m.formats()[2])
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := conv.FromConnectData(nil, topic, s.schema, data.StructValue(data.StructOn(s.schema, s.row())))
	if err != nil {
		t.Fatal(err)
	}
	if id := binary.BigEndian.Uint32(b[1:]); id != 1 || !json.Valid([]byte(m.schemas.texts[0])) {
		t.Errorf("id %d, %v", id, m.schemas.texts)
	}
	_, v, err := conv.ToConnectData(topic, b)
	if err != nil || v.String() != "Struct{id=123456789,name=Ada Lovelace,n=4711}" {
		t.Errorf("%v %v", v, err)
	}
}

func fixture(t *testing.T) *measuring {
	t.Helper()
	schemas, err := serveSchemas()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(schemas.close)
	pool := subject.NewPool()
	t.Cleanup(pool.Close)
	reg := registry.New()
	for _, entries := range [][]registry.Entry{jsonconv.Register(), rawconv.Register(), avroconv.Register(pool), transforms.Register()} {
		if err := reg.Add(entries...); err != nil {
			t.Fatal(err)
		}
	}
	return &measuring{Config: Config{Registry: reg}, schemas: schemas}
}
