package pgtype

import (
	"encoding/binary"
	"encoding/json"

	"github.com/kurier-io/kurier/plugins/data"
)

// mapHStore maps the extension type hstore according to hstore.handling.mode.
func mapHStore(c Column, o Options) *mapped {
	if c.TypeName != "hstore" {
		return nil
	}
	switch o.HStore {
	case "map":
		b := data.MapOf(data.Of(data.String).MustBuild(), data.Of(data.String).Optional().MustBuild())
		return &mapped{b, func(e *data.RowEncoder, w []byte) error {
			m, err := hstoreMap(w)
			if err != nil {
				return err
			}
			return e.Value(data.MapValue(m))
		}, 1}
	case "json":
		return &mapped{data.Of(data.String).Name(complexJSONName), func(e *data.RowEncoder, w []byte) error {
			m, err := hstoreMap(w)
			if err != nil {
				return err
			}
			obj := map[string]*string{}
			for k, v := range m.All() {
				obj[k.Str()] = nil
				if !v.IsNull() {
					obj[k.Str()] = new(v.Str())
				}
			}
			text, err := json.Marshal(obj)
			if err == nil {
				e.Bytes(text)
			}
			return err
		}, 1}
	}
	return nil
}

// hstoreMap reads hstore_send: the number of pairs, then key and value, each behind its length.
func hstoreMap(w []byte) (*data.Map, error) {
	if len(w) < 4 {
		return nil, errWire
	}
	n := binary.BigEndian.Uint32(w)
	w = w[4:]
	if uint64(n) > uint64(len(w))/8 {
		return nil, errWire
	}
	m := data.NewMap(int(n))
	for range n {
		key, rest, null, err := lengthPrefixed(w)
		if err != nil || null {
			return nil, errWire
		}
		val, rest, null, err := lengthPrefixed(rest)
		if err != nil {
			return nil, err
		}
		w = rest
		if null {
			m.Put(data.StringOf(key), data.Null())
			continue
		}
		m.Put(data.StringOf(key), data.StringOf(val))
	}
	return m, nil
}
