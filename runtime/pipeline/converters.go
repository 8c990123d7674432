package pipeline

import (
	"fmt"
	"io"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/registry"
)

// A Choice names a converter class with the settings that belong to it.
type Choice struct {
	Class  string
	Config map[string]string
}

// Converters are the three converters of one task.
type Converters struct {
	Key, Value                      connect.Converter
	Header                          connect.HeaderConverter
	KeyClass, ValueClass, HeaderCls string
}

// The configuration keys that choose converters.
const (
	KeyConverter    = "key.converter"
	ValueConverter  = "value.converter"
	HeaderConverter = "header.converter"
)

// NewConverters builds a connector's converters. One that the connector does not name is the worker's, with the worker's settings for it: settings
// are never mixed from both.
func NewConverters(reg *registry.Registry, props map[string]string, worker map[string]Choice) (_ *Converters, err error) {
	c := &Converters{}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	choose := func(key string) Choice {
		if class := props[key]; class != "" {
			return Choice{class, below(props, key+".")}
		}
		return worker[key]
	}
	for key, isKey := range map[string]bool{KeyConverter: true, ValueConverter: false} {
		ch := choose(key)
		e, ok := reg.Find(ch.Class, registry.ConverterKind)
		if !ok {
			return nil, notFound(key, ch.Class)
		}
		conv := e.NewConverter()
		if err := conv.Configure(ch.Config, isKey); err != nil {
			return nil, fmt.Errorf("%s (%s): %w", key, e.Class, err)
		}
		if isKey {
			c.Key, c.KeyClass = conv, e.Class
		} else {
			c.Value, c.ValueClass = conv, e.Class
		}
	}
	ch := choose(HeaderConverter)
	e, ok := reg.Find(ch.Class, registry.HeaderConverterKind)
	if !ok {
		return nil, notFound(HeaderConverter, ch.Class)
	}
	c.Header, c.HeaderCls = e.NewHeader(), e.Class
	if err := c.Header.Configure(ch.Config); err != nil {
		return nil, fmt.Errorf("%s (%s): %w", HeaderConverter, e.Class, err)
	}
	return c, nil
}

// Close lets go what converters hold beyond memory, and ends calls that block; from any goroutine, and more than once.
func (c *Converters) Close() {
	for _, conv := range []any{c.Key, c.Value, c.Header} {
		if closer, ok := conv.(io.Closer); ok {
			_ = closer.Close() // nothing is lost by it
		}
	}
}

func notFound(key, class string) error {
	return connect.ConfigErr(key, fmt.Sprintf("Class %s could not be found.", class), "GET /connector-plugins?connectorsOnly=false lists what there is")
}
