package avroconv

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/kurier-io/kurier/converters/convertertest"
	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A registryFake accepts everything.
type registryFake struct{ *convertertest.Registry }

func newRegistry(t testing.TB) *registryFake {
	t.Helper()
	return &registryFake{convertertest.New(t, subject.Avro)}
}

// open returns a configured converter of values; settings are key=value.
func (r *registryFake) open(t testing.TB, settings ...string) *Converter {
	t.Helper()
	props := connect.Props{"schema.registry.url": r.URL, "retries.wait.ms": "1", "max.retries": "0"}
	for _, kv := range settings {
		k, v, _ := strings.Cut(kv, "=")
		props[k] = v
	}
	pool := subject.NewPool()
	c := Register(pool)[0].NewConverter().(*Converter)
	if err := c.Configure(props, false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(); pool.Close() })
	return c
}

func of(t data.Type) *data.Schema  { return data.Of(t).MustBuild() }
func opt(t data.Type) *data.Schema { return data.Of(t).Optional().MustBuild() }

func i32(i int32) data.Value   { return data.Int32Value(i) }
func i64(i int64) data.Value   { return data.Int64Value(i) }
func f64(f float64) data.Value { return data.Float64Value(f) }
func str(s string) data.Value  { return data.StringValue(s) }

func arr(vs ...data.Value) data.Value { return data.ArrayValue(vs) }

func pairs(vs ...data.Value) data.Value {
	m := data.NewMap(0)
	for i := 0; i < len(vs); i += 2 {
		m.Put(vs[i], vs[i+1])
	}
	return data.MapValue(m)
}

func row(s *data.Schema, vs ...data.Value) data.Value {
	return data.StructValue(data.StructOn(s, vs))
}

func dec2(unscaled int64, scale int32) data.Value {
	return data.DecimalBytesValue([]byte{byte(unscaled)}, scale)
}
