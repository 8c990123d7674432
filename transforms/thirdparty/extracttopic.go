package thirdparty

import (
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type topicSettings struct {
	Field  string `config:"field" default:"" importance:"medium" doc:"The field, header, or JSONPath of the field with the topic's name; empty: the whole key or value."`
	Format string `config:"field.format" default:"PLAIN" enum:"PLAIN|JSON_PATH" fold:"true" importance:"low" doc:"How field is written: PLAIN, a name, or JSON_PATH."`
	Skip   bool   `config:"skip.missing.or.null" default:"false" importance:"low" doc:"Whether a record without the field keeps its topic. Otherwise it is an error."`
}

func topicDef() *config.Def { return config.Of[topicSettings]() }

type extractTopic struct {
	topicSettings
	side   smt.Side
	header bool
	path   *jsonPath // nil: the whole
	last   string    // a copy of the last topic, since values may alias a buffer
}

func (t *extractTopic) Configure(props connect.Props) (err error) {
	if t.topicSettings, err = config.Parse[topicSettings](props); err != nil {
		return err
	}
	t.path = nil
	json := strings.EqualFold(t.Format, "JSON_PATH")
	switch {
	case t.Field == "" && (t.header || json):
		return smt.ConfigErr("field", "Invalid value  for configuration field: it must name the field or header with the topic's name")
	case t.Field == "" || t.header && !json:
	case json:
		if t.path, err = parsePath(t.Field); err == nil && !t.path.definite {
			err = data.Errorf("the path may lead to several values")
		}
		if err != nil {
			return smt.ConfigErr("field", "Invalid value %s for configuration field: %v", t.Field, err)
		}
	default:
		t.path = &jsonPath{text: t.Field, steps: []step{{kind: nameStep, name: t.Field}}, definite: true}
	}
	return nil
}

// Apply renames the topic. Under JSON_PATH the header variant looks below an object whose members are the headers.
func (t *extractTopic) Apply(r *connect.Record) (bool, error) {
	v, found := t.value(r)
	if t.path != nil && found {
		out, ok, err := t.path.values(v)
		if err != nil {
			return true, err
		}
		if found = ok && len(out) > 0; found {
			v = out[0]
		}
	}
	switch {
	case !found || v.IsNull():
		if t.Skip {
			return true, nil
		}
		return true, data.Errorf("%s of the record is missing or null, so that there is no topic for it (set skip.missing.or.null=true to keep the old one)", t.what())
	case v.Kind() != data.KindString:
		return true, data.Errorf("%s must be a string to be a topic's name, found: %s %s", t.what(), v.Kind().JavaClass(), smt.Show(v))
	case v.Str() == "":
		return true, data.Errorf("%s of the record is empty, and no name of a topic", t.what())
	}
	if v.Str() != t.last {
		t.last = strings.Clone(v.Str())
	}
	r.Topic = t.last
	return true, nil
}

func (t *extractTopic) value(r *connect.Record) (data.Value, bool) {
	switch {
	case !t.header:
		_, v := t.side.Get(r)
		return v, true
	case t.path != nil:
		m := data.NewMap(len(r.Headers))
		for i := range r.Headers {
			m.Put(data.StringValue(r.Headers[i].Key), r.Headers[i].Value)
		}
		return data.MapValue(m), true
	}
	for i := len(r.Headers) - 1; i >= 0; i-- { // the last of a name, as Headers.lastWithName
		if r.Headers[i].Key == t.Field {
			return r.Headers[i].Value, true
		}
	}
	return data.Null(), false
}

func (t *extractTopic) what() string {
	switch {
	case t.header:
		return "header " + t.Field
	case t.Field == "":
		return "the " + strings.ToLower(t.side.String())
	}
	return "field " + t.Field + " of the " + strings.ToLower(t.side.String())
}
