// Package registry holds what is plugged in: entries of every kind, found by their Java class name, short name or alias.
package registry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

// A Kind is the kind of a plugin, as GET /connector-plugins spells it.
type Kind string

// The kinds, in the order in which the REST API lists them.
const (
	SinkKind            Kind = "sink"
	SourceKind          Kind = "source"
	TransformationKind  Kind = "transformation"
	PredicateKind       Kind = "predicate"
	ConverterKind       Kind = "converter"
	HeaderConverterKind Kind = "header_converter"
)

// Kinds lists all kinds in REST order.
func Kinds() []Kind {
	return []Kind{SinkKind, SourceKind, TransformationKind, PredicateKind, ConverterKind, HeaderConverterKind}
}

// An Entry describes one class. Exactly the factories of its kind are set in the process that implements it; in the worker an
// entry of a connector has none, since the connector lives in another process.
type Entry struct {
	Kind      Kind        `json:"kind"`
	Class     string      `json:"class"`                // the full, usually Java, class name
	TaskClass string      `json:"task_class,omitempty"` // what is written as task.class, so that a Java worker can take over
	Aliases   []string    `json:"aliases,omitempty"`    // further full names under which configurations know it
	Version   string      `json:"version,omitempty"`
	Doc       string      `json:"doc,omitempty"`
	Config    *config.Def `json:"config,omitempty"`

	NewConnector      func() connect.Connector       `json:"-"`
	NewSourceTask     func() connect.SourceTask      `json:"-"`
	NewSinkTask       func() connect.SinkTask        `json:"-"`
	NewConverter      func() connect.Converter       `json:"-"`
	NewHeader         func() connect.HeaderConverter `json:"-"`
	NewTransformation func() connect.Transformation  `json:"-"`
	NewPredicate      func() connect.Predicate       `json:"-"`
}

// Source describes a source connector whose settings are C.
func Source[C any](class string, connector func() connect.Connector, task func() connect.SourceTask) Entry {
	return Entry{Kind: SourceKind, Class: class, TaskClass: taskClass(class, "Source"), Config: config.Of[C](), NewConnector: connector, NewSourceTask: task}
}

// Sink describes a sink connector whose settings are C.
func Sink[C any](class string, connector func() connect.Connector, task func() connect.SinkTask) Entry {
	return Entry{Kind: SinkKind, Class: class, TaskClass: taskClass(class, "Sink"), Config: config.Of[C](), NewConnector: connector, NewSinkTask: task}
}

// taskClass follows the custom of Java connectors: FooSourceConnector has FooSourceTask.
func taskClass(class, side string) string {
	base := strings.TrimSuffix(class, "Connector")
	if !strings.HasSuffix(base, side) {
		base += side
	}
	return base + "Task"
}

// A Plugin is what one plugin process offers.
type Plugin struct {
	Name    string // short, lower case; names the process in logs
	Version string
	Entries []Entry
}

// A Registry finds entries by name. It is filled by the composition root and read-only afterwards, then safe for concurrent use.
type Registry struct {
	entries []Entry
	byName  map[Kind]map[string]int // -1: ambiguous
}

// New returns an empty registry.
func New() *Registry { return &Registry{byName: map[Kind]map[string]int{}} }

// Add adds entries. Two entries of one kind and class are an error; a short name shared by two becomes unusable.
func (r *Registry) Add(entries ...Entry) error {
	for _, e := range entries {
		names := r.byName[e.Kind]
		if names == nil {
			names = map[string]int{}
			r.byName[e.Kind] = names
		}
		at := len(r.entries)
		for _, full := range append([]string{e.Class}, e.Aliases...) {
			if i, dup := names[full]; dup && i >= 0 && (r.entries[i].Class == full || slices.Contains(r.entries[i].Aliases, full)) {
				return fmt.Errorf("two %s plugins are called %s: remove one from plugin.path", e.Kind, full)
			}
			names[full] = at
			for _, short := range ShortNames(full, e.Kind) {
				if old, taken := names[short]; taken && old != at {
					names[short] = -1
				} else {
					names[short] = at
				}
			}
		}
		r.entries = append(r.entries, e)
	}
	return nil
}

// ShortNames returns the names besides the full one under which a class is found: its simple name, and that without the suffix of
// its kind.
func ShortNames(class string, k Kind) []string {
	simple := class[strings.LastIndexByte(class, '.')+1:]
	out := []string{}
	if simple != class {
		out = append(out, simple)
	}
	suffix := map[Kind]string{
		SinkKind: "Connector", SourceKind: "Connector", TransformationKind: "Transformation", PredicateKind: "Predicate",
		ConverterKind: "Converter", HeaderConverterKind: "HeaderConverter",
	}[k]
	if cut := strings.TrimSuffix(simple, suffix); cut != simple && cut != "" {
		out = append(out, cut)
	}
	return out
}

// Find looks an entry of one of the kinds up by full name, simple name or alias.
func (r *Registry) Find(name string, kinds ...Kind) (*Entry, bool) {
	for _, k := range kinds {
		if i, ok := r.byName[k][name]; ok && i >= 0 {
			return &r.entries[i], true
		}
	}
	return nil, false
}

// Connector finds a source or sink connector.
func (r *Registry) Connector(name string) (*Entry, error) {
	if e, ok := r.Find(name, SinkKind, SourceKind); ok {
		return e, nil
	}
	return nil, &NotFoundError{Name: name, Known: r.List(SinkKind, SourceKind)}
}

// A NotFoundError reports a class that nothing provides. Its text is Java's, which clients match.
type NotFoundError struct {
	Name  string
	Known []Entry
}

func (e *NotFoundError) Error() string {
	known := make([]string, len(e.Known))
	for i := range e.Known {
		known[i] = e.Known[i].Class
	}
	return fmt.Sprintf("Failed to find any class that implements Connector and which name matches %s, available connectors are: %s",
		e.Name, strings.Join(known, ", "))
}

// List returns the entries of the kinds, kinds in the given order, each sorted by class.
func (r *Registry) List(kinds ...Kind) []Entry {
	var out []Entry
	for _, k := range kinds {
		start := len(out)
		for _, e := range r.entries {
			if e.Kind == k {
				out = append(out, e)
			}
		}
		slices.SortFunc(out[start:], func(a, b Entry) int { return strings.Compare(a.Class, b.Class) })
	}
	return out
}
