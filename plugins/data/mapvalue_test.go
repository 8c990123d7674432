package data_test

import (
	"testing"

	"pgregory.net/rapid"

	. "github.com/kurier-io/kurier/plugins/data"
)

// TestMapsFindKeysOfAnyKind compares a map with a plain list.
func TestMapsFindKeysOfAnyKind(t *testing.T) {
	inner := StructOf().Field("a", Of(Int8).Optional().MustBuild()).MustBuild()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.Custom(func(t *rapid.T) Value {
			n := rapid.IntRange(-3, 12).Draw(t, "n")
			switch rapid.IntRange(0, 9).Draw(t, "kind") {
			case 0:
				return Int8Value(int8(n))
			case 1:
				return Int64Value(int64(n))
			case 2:
				return StringValue(string(rune('a' + n)))
			case 3:
				return BytesValue([]byte{byte(n)})
			case 4:
				return BoolValue(n > 0)
			case 5:
				return Float64Value(float64(n))
			case 6:
				return ArrayValue([]Value{Int8Value(int8(n)), StringValue("a, b")})
			case 7:
				return StructValue(StructOn(inner, []Value{Int8Value(int8(n))}))
			case 8:
				return DecimalBytesValue([]byte{byte(n)}, 2)
			}
			return Null()
		})
		m, size := NewMap(0), 0
		var keys, vals []Value
		for i := range rapid.IntRange(0, 60).Draw(t, "puts") {
			k, v := key.Draw(t, "key"), Int32Value(int32(i))
			m.Put(k, v)
			at := -1
			for j := range keys {
				if keys[j].Equal(k) {
					at = j
				}
			}
			if at < 0 {
				keys, vals, size = append(keys, k), append(vals, v), size+1
			} else {
				vals[at] = v
			}
		}
		if m.Len() != size {
			t.Fatalf("%d entries, want %d", m.Len(), size)
		}
		i := 0
		for k, v := range m.All() {
			got, ok := m.Get(k)
			if !ok || !got.Equal(v) || !k.Equal(keys[i]) || !v.Equal(vals[i]) {
				t.Fatalf("entry %d: %s=%s, want %s=%s", i, k, v, keys[i], vals[i])
			}
			i++
		}
	})
}

func BenchmarkMapOfManyInts(b *testing.B) {
	for b.Loop() {
		m := NewMap(0)
		for i := range 50_000 {
			m.Put(Int32Value(int32(i)), BoolValue(true))
		}
	}
}
