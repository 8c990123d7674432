package avroconv

import (
	"strconv"

	"github.com/kurier-io/kurier/plugins/data"
)

// A draft is a Connect schema in the making. What later properties ask about is kept beside the builder.
type draft struct {
	b         *data.Builder
	name      string
	named     bool
	version   int64
	versioned bool
	params    []data.Param
	at        map[string]int // in params
}

func draftOf(b *data.Builder) *draft { return &draft{b: b} }

// logicalOf starts a core logical type.
func logicalOf(t data.Type, name string) *draft {
	return &draft{b: data.Of(t), name: name, named: true, version: 1, versioned: true}
}

func decimalOf(scale int64) *draft {
	d := logicalOf(data.Bytes, data.DecimalName)
	d.param("scale", strconv.FormatInt(scale, 10))
	return d
}

// param sets a parameter; one that is set again keeps its place.
func (d *draft) param(name, value string) {
	if i, ok := d.at[name]; ok {
		d.params[i].Value = value
		return
	}
	if d.at == nil {
		d.at = map[string]int{}
	}
	d.at[name] = len(d.params)
	d.params = append(d.params, data.Param{Name: name, Value: value})
}

func (d *draft) build() (*data.Schema, error) {
	if d.named {
		d.b.Name(d.name)
	}
	if d.versioned {
		d.b.Version(int32(d.version))
	}
	if d.params != nil {
		d.b.Params(d.params)
	}
	return d.b.Build()
}
