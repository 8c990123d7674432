package validation

import (
	"slices"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/runtime/herder"
)

// A result gathers keys in the order in which Kafka Connect lists them: errors of keys that nothing defines, what framework and plugin
// define, and what is appended.
type result struct {
	undefined, defined, appended []herder.ConfigInfo
	index                        map[string]int // of defined
	groups                       []string
}

func newResult() *result {
	return &result{index: map[string]int{}, groups: []string{commonGroup, transformsGroup, predicatesGroup, errorsGroup}}
}

func (r *result) group(k *config.Key) {
	if k.Group != "" && !slices.Contains(r.groups, k.Group) {
		r.groups = append(r.groups, k.Group)
	}
}

// add takes the outcome of each key that d defines. One that is there already stays in its place, with its new definition and outcome: so a
// plugin's keys replace the framework's, and errors that those had are lost. An outcome without a definition replaces only the outcome.
func (r *result) add(d *config.Def, values []config.Value) {
	for _, v := range values {
		v.Recommended, v.Errors = orEmpty(v.Recommended), orEmpty(v.Errors)
		k, ok := d.Key(v.Name)
		i, have := r.index[v.Name]
		switch {
		case have && !ok:
			r.defined[i].Value = v
			continue
		case have:
			r.defined[i] = herder.ConfigInfo{Definition: k, Value: v}
		case !ok:
			r.undefined = append(r.undefined, herder.ConfigInfo{Value: v})
			continue
		default:
			r.index[v.Name] = len(r.defined)
			r.defined = append(r.defined, herder.ConfigInfo{Definition: k, Value: v})
		}
		r.group(k)
	}
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// append takes keys that never replace others.
func (r *result) append(d *config.Def, values []config.Value) {
	for _, v := range values {
		k, ok := d.Key(v.Name)
		if ok {
			r.group(k)
		}
		r.appended = append(r.appended, herder.ConfigInfo{Definition: k, Value: v})
	}
}

func (r *result) find(key string) *config.Value {
	if i, ok := r.index[key]; ok {
		return &r.defined[i].Value
	}
	for _, list := range [][]herder.ConfigInfo{r.undefined, r.appended} {
		for i := range list {
			if list[i].Value.Name == key {
				return &list[i].Value
			}
		}
	}
	return nil
}

// fail adds an error to a key, which may be one that nothing defines.
func (r *result) fail(key, msg string) {
	if v := r.find(key); v != nil {
		v.Errors = append(v.Errors, msg)
		return
	}
	r.undefined = append(r.undefined, herder.ConfigInfo{Value: value(key, nil, msg)})
}

func value(key string, text *string, errors ...string) config.Value {
	return config.Value{Name: key, Value: text, Recommended: []string{}, Errors: orEmpty(errors), Visible: true}
}

// unknownClass: a class that is not found has no value.
func (r *result) unknownClass(key, class string) {
	r.fail(key, "Invalid value "+class+" for configuration "+key+": Class "+class+" could not be found.")
	r.find(key).Value = nil
}

// infos counts every message, but of appended keys only one each, as Kafka Connect does. Internal keys are shown when they are wrong.
func (r *result) infos(class string) herder.ConfigInfos {
	out := herder.ConfigInfos{Name: class, Groups: r.groups}
	for _, c := range slices.Concat(r.undefined, r.defined) {
		if c.Definition != nil && c.Definition.Internal && len(c.Value.Errors) == 0 {
			continue
		}
		out.ErrorCount += len(c.Value.Errors)
		out.Configs = append(out.Configs, c)
	}
	for _, c := range r.appended {
		out.ErrorCount += min(1, len(c.Value.Errors))
		out.Configs = append(out.Configs, c)
	}
	return out
}
