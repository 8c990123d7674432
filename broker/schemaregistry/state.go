package schemaregistry

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// state is what the records of the topic amount to. It changes by apply alone, which one goroutine calls; everything
// else asks it, from any goroutine. What it hands out is immutable.
type state struct {
	mu       sync.RWMutex
	contexts map[string]*scope
	configs  map[string]config
	modes    map[string]string
}

// scope is a context: it has the ids of its subjects.
type scope struct {
	subjects map[string][]*version // in the order of their numbers
	ids      map[int32]*identity
	keys     map[contentKey]int32
	guids    map[string]int32
	maxID    int32
}

// identity is an id in use. Two registries may have given it to two contents; it stands for the one that came first.
type identity struct {
	content *content
	uses    []*version
}

// version is one version of a subject.
type version struct {
	subject  string // with its context
	number   int
	id       int32
	content  *content
	deleted  bool
	ts       int64 // of the record, milliseconds
	offset   int64
	md5      []byte
	replaced *version // another content that this record took the place of
}

func newState() *state {
	return &state{contexts: map[string]*scope{}, configs: map[string]config{}, modes: map[string]string{}}
}

// apply takes in a record. A record that cannot be read is an error and changes nothing.
func (s *state) apply(key, value []byte, ts, offset int64) error {
	c, err := decode(key, value)
	if err != nil {
		return err
	}
	var made *content
	if c.schema != nil {
		v := c.schema
		made = newContent(orAvro(v.SchemaType), v.Schema, v.References, v.Metadata, v.RuleSet)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c.kind {
	case keySchema:
		old := s.remove(c.subject, c.number)
		if made == nil {
			return nil
		}
		v := &version{subject: c.subject, number: c.number, id: c.schema.ID, content: made, deleted: c.schema.Deleted, ts: ts, offset: offset, md5: c.schema.MD5}
		if old != nil && !old.deleted && (old.content.key != made.key || old.id != v.id) {
			v.replaced = old
		}
		s.put(v)
	case keyConfig:
		set(s.configs, c.subject, c.config)
	case keyMode:
		if c.mode == "" {
			delete(s.modes, c.subject)
		} else {
			s.modes[c.subject] = c.mode
		}
	case keyDeleteSubject:
		for _, v := range slices.Clone(s.versionsOf(c.subject)) {
			if v.number <= c.upTo && !v.deleted {
				gone := *v
				gone.deleted = true
				s.remove(v.subject, v.number)
				s.put(&gone)
			}
		}
	case keyClearSubject:
		for _, v := range slices.Clone(s.versionsOf(c.subject)) {
			if v.deleted {
				s.remove(v.subject, v.number)
			}
		}
	}
	return nil
}

func set[K comparable, V any](m map[K]V, k K, v *V) {
	if v == nil {
		delete(m, k)
	} else {
		m[k] = *v
	}
}

func orAvro(language string) string {
	if language == "" {
		return avro
	}
	return language
}

func (s *state) versionsOf(subject string) []*version {
	name, _ := splitName(subject)
	if c := s.contexts[name]; c != nil {
		return c.subjects[subject]
	}
	return nil
}

func find(versions []*version, number int) (int, bool) {
	return slices.BinarySearchFunc(versions, number, func(v *version, n int) int { return v.number - n })
}

func (s *state) put(v *version) {
	name, _ := splitName(v.subject)
	c := s.contexts[name]
	if c == nil {
		c = &scope{subjects: map[string][]*version{}, ids: map[int32]*identity{}, keys: map[contentKey]int32{}, guids: map[string]int32{}}
		s.contexts[name] = c
	}
	i, _ := find(c.subjects[v.subject], v.number)
	if versions := c.subjects[v.subject]; i == len(versions) {
		c.subjects[v.subject] = append(versions, v) // who has the slice does not look beyond its end
	} else {
		c.subjects[v.subject] = slices.Insert(slices.Clone(versions), i, v)
	}
	id := c.ids[v.id]
	if id == nil {
		id = &identity{content: v.content}
		c.ids[v.id] = id
		c.guids[v.content.guid] = v.id
	} else if id.content.key == v.content.key {
		v.content = id.content
	}
	id.uses = append(id.uses, v)
	if _, ok := c.keys[v.content.key]; !ok && id.content.key == v.content.key {
		c.keys[v.content.key] = v.id
	}
	c.maxID = max(c.maxID, v.id)
}

// remove forgets a version, and the id with its last one; ids are not given again while the process lives.
func (s *state) remove(subject string, number int) *version {
	name, _ := splitName(subject)
	c := s.contexts[name]
	if c == nil {
		return nil
	}
	i, ok := find(c.subjects[subject], number)
	if !ok {
		return nil
	}
	v := c.subjects[subject][i]
	if c.subjects[subject] = slices.Delete(slices.Clone(c.subjects[subject]), i, i+1); len(c.subjects[subject]) == 0 {
		delete(c.subjects, subject)
	}
	id := c.ids[v.id]
	id.uses = slices.DeleteFunc(slices.Clone(id.uses), func(u *version) bool { return u == v })
	if slices.ContainsFunc(id.uses, func(u *version) bool { return u.content.key == v.content.key }) {
		return v
	}
	if c.keys[v.content.key] == v.id {
		delete(c.keys, v.content.key)
	}
	if c.guids[v.content.guid] == v.id {
		delete(c.guids, v.content.guid)
	}
	if len(id.uses) == 0 {
		delete(c.ids, v.id)
	} else if id.content.key == v.content.key {
		id.content = id.uses[0].content
		c.keys[id.content.key], c.guids[id.content.guid] = v.id, v.id
	}
	return v
}

// versions returns all versions of a subject, also the deleted ones, in their order.
func (s *state) versions(subject string) []*version {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.versionsOf(subject)
}

// subjects returns the subjects with a prefix and their versions, in the order of their names. The prefix ":*:" means
// all contexts; any other one without a context means the default one.
func (s *state) subjects(prefix string) [][]*version {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rest, all := strings.CutPrefix(prefix, ":*:")
	only, start := splitName(prefix)
	var out [][]*version
	for _, name := range slices.Sorted(maps.Keys(s.contexts)) {
		if !all && name != only {
			continue
		}
		for subject, versions := range s.contexts[name].subjects {
			_, plain := splitName(subject)
			if all && strings.HasPrefix(plain, rest) || !all && strings.HasPrefix(plain, start) {
				out = append(out, versions)
			}
		}
	}
	slices.SortFunc(out, func(a, b []*version) int { return strings.Compare(a[0].subject, b[0].subject) })
	return out
}

// byID returns what an id of a context stands for, the versions that have it, and the context's greatest id.
func (s *state) byID(name string, id int32) (c *content, uses []*version, maxID int32) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	in := s.contexts[name]
	if in == nil {
		return nil, nil, 0
	}
	if got := in.ids[id]; got != nil {
		return got.content, got.uses, in.maxID
	}
	return nil, nil, in.maxID
}

// stands reports whether the id of a version stands for its content, which it does not when two registries gave it twice.
func (s *state) stands(v *version) bool {
	name, _ := splitName(v.subject)
	c, _, _ := s.byID(name, v.id)
	return c != nil && c.key == v.content.key
}

// idOf returns the id of a content in a context, 0 when it has none.
func (s *state) idOf(name string, key contentKey) int32 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if in := s.contexts[name]; in != nil {
		return in.keys[key]
	}
	return 0
}

// byGUID looks in all contexts.
func (s *state) byGUID(guid string) (c *content, uses map[string]int32) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	uses = map[string]int32{}
	for name, in := range s.contexts {
		if id, ok := in.guids[guid]; ok {
			uses[name] = id
			if c == nil || name == defaultContext {
				c = in.ids[id].content
			}
		}
	}
	return c, uses
}

func (s *state) contextNames() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	names := []string{defaultContext}
	for name, in := range s.contexts {
		if name != defaultContext && len(in.subjects) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
