package jsonconv

import (
	"hash/maphash"

	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// shapes remembers the keys of objects, so that objects with the same keys in the same order share them: no key is looked up, and no
// table is built.
type shapes struct {
	seed  maphash.Seed
	slots [16]slot
}

// A slot is where objects are remembered that stand equally deep and begin with keys of the same length.
type slot struct {
	shape *data.Shape
	seen  uint64 // the keys of the last object that had no shape: it gets one when it comes again
}

// mostShared bounds the keys of a shape; larger objects are tables rather than records.
const mostShared = 256

// mapSlab is how many maps one allocation serves.
const mapSlab = 32

func (r *reader) newMap() *data.Map {
	if len(r.maps) == cap(r.maps) {
		r.maps = make([]data.Map, 0, mapSlab)
	}
	r.maps = r.maps[:len(r.maps)+1]
	return &r.maps[len(r.maps)-1]
}

// object reads an object into a map with string keys.
func (r *reader) object(elem *data.Schema) (data.Value, error) {
	if err := r.Enter(); err != nil {
		return data.Value{}, err
	}
	m := r.newMap()
	if !r.First('}') {
		return data.MapValue(m), nil
	}
	raw, err := r.key()
	if err != nil {
		return data.Value{}, err
	}
	sl := &r.shapes.slots[(r.Depth()*5+len(raw))%len(r.shapes.slots)]
	if sl.shape != nil && sl.shape.Keys()[0].Str() == string(raw) {
		return r.alike(sl, elem, raw, m)
	}
	return r.unlike(sl, elem, raw, m)
}

// key reads a member's name and the colon.
func (r *reader) key() ([]byte, error) {
	raw, escaped, err := r.Name()
	if escaped && err == nil {
		raw = jsontext.Unescape(raw)
	}
	return raw, err
}

// alike reads members as long as their names are the shape's.
func (r *reader) alike(sl *slot, elem *data.Schema, raw []byte, m *data.Map) (data.Value, error) {
	shape := sl.shape
	keys := shape.Keys()
	vals := r.alloc(len(keys))
	for i := 0; ; {
		var err error
		if vals[i], err = r.value(elem); err != nil {
			return data.Value{}, err
		}
		i++
		more, err := r.More('}')
		if err != nil {
			return data.Value{}, err
		}
		if !more && i == len(keys) {
			shape.Make(m, vals)
			return data.MapValue(m), nil
		}
		if more {
			if raw, err = r.key(); err != nil {
				return data.Value{}, err
			}
		}
		if !more || i == len(keys) || keys[i].Str() != string(raw) {
			for j := range i {
				m.Put(keys[j], vals[j])
			}
			if !more {
				return data.MapValue(m), nil
			}
			return r.unlike(sl, elem, raw, m)
		}
	}
}

// unlike reads the value of a member whose name was read, and all further ones.
func (r *reader) unlike(sl *slot, elem *data.Schema, raw []byte, m *data.Map) (data.Value, error) {
	for more := true; more; {
		v, err := r.value(elem)
		if err != nil {
			return data.Value{}, err
		}
		m.Put(data.StringOf(raw), v)
		if more, err = r.More('}'); err != nil {
			return data.Value{}, err
		}
		if more {
			if raw, err = r.key(); err != nil {
				return data.Value{}, err
			}
		}
	}
	r.shapes.learn(sl, m)
	return data.MapValue(m), nil
}

// learn makes a shape of an object's keys when it sees them the second time.
func (s *shapes) learn(sl *slot, m *data.Map) {
	if m.Len() > mostShared {
		return
	}
	var h maphash.Hash
	h.SetSeed(s.seed)
	for k := range m.All() {
		_, _ = h.Write(k.Bytes())
		_ = h.WriteByte('"')
	}
	sum := h.Sum64()
	if sl.seen != sum {
		sl.seen = sum
		return
	}
	keys := make([]data.Value, 0, m.Len())
	for k := range m.All() {
		keys = append(keys, k)
	}
	sl.shape = data.NewShape(keys)
}
