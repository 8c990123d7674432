// Package metadata keeps what the broker must know before it can open its logs:
// the cluster id, topics with their ids and configs, blocks of producer ids, the
// leader epoch, and SCRAM users, ACLs, client quotas and group configs.
//
// The state is a log of JSON commands, one checksummed frame each, that is
// replayed at the start; when the log grows past a limit it is replaced by one
// that holds only the present state. A change is durable before it is visible.
//
// File metadata/log: frames of length uint32, CRC-32C uint32 of the payload,
// payload (JSON object of type command). A torn frame at the end is cut off,
// damage before a good frame is an error.
package metadata

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/kurier-io/kurier/broker/security/acl"
	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

const (
	dir          = "metadata"
	file         = "log"
	rewriteBytes = 1 << 20
	pidBlock     = 1000
)

// TopicID is the id that distinguishes incarnations of a name.
type TopicID [16]byte

func (id TopicID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// MarshalText encodes the id as Kafka prints it.
func (id TopicID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (id *TopicID) UnmarshalText(b []byte) error {
	raw, err := base64.RawURLEncoding.DecodeString(string(b))
	if err != nil || len(raw) != len(id) {
		return fmt.Errorf("metadata: bad topic id %q", b)
	}
	copy(id[:], raw)
	return nil
}

// Topic is an immutable description; a change makes a new one.
type Topic struct {
	Name       string            `json:"name"`
	ID         TopicID           `json:"id"`
	Partitions int32             `json:"partitions"`
	Configs    map[string]string `json:"configs,omitempty"` // overrides only
}

type command struct {
	ClusterID string   `json:"cluster_id,omitempty"`
	Topic     *Topic   `json:"topic,omitempty"` // created or changed
	Delete    *TopicID `json:"delete,omitempty"`
	NextPID   int64    `json:"next_pid,omitempty"` // ids below are used up
	Epoch     int32    `json:"epoch,omitempty"`

	User        *User         `json:"user,omitempty"`
	DropACLs    []acl.Binding `json:"drop_acls,omitempty"`
	AddACLs     []acl.Binding `json:"add_acls,omitempty"`
	Quota       *Quota        `json:"quota,omitempty"`
	GroupConfig *GroupConfig  `json:"group_config,omitempty"`
}

// Store is the durable state. All methods may be called from any goroutine.
type Store struct {
	fs vfs.FS

	mu        sync.RWMutex
	clusterID string
	byName    map[string]*Topic
	byID      map[TopicID]*Topic
	security  security
	epoch     int32
	reserved  int64 // producer ids below are used up on disk
	nextPID   int64
	fresh     bool
	f         vfs.File
	size      int64
	failed    error
}

// Errors of changes.
var (
	ErrExists  = errors.New("metadata: topic exists")
	ErrUnknown = errors.New("metadata: unknown topic")
	ErrName    = errors.New("metadata: invalid topic name")
)

// Open loads the state, creating an empty one with a new cluster id.
func Open(fsys vfs.FS) (*Store, error) {
	s := &Store{fs: fsys, byName: map[string]*Topic{}, byID: map[TopicID]*Topic{}}
	if err := fsys.MkdirAll(dir); err != nil {
		return nil, err
	}
	b, err := fsys.ReadFile(dir + "/" + file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for rest := b; ; {
		cmd, next, ok := readFrame(rest)
		if !ok {
			s.size = int64(len(b) - len(rest))
			if followed(rest) {
				return nil, fmt.Errorf("metadata: %s/%s is damaged at byte %d with good entries after it; restore the data directory from a copy", dir, file, s.size)
			}
			break
		}
		s.apply(cmd)
		rest = next
	}
	s.nextPID = s.reserved
	if s.f, err = fsys.Create(dir + "/" + file); err != nil {
		return nil, err
	}
	if s.size < int64(len(b)) {
		if err := s.f.Truncate(s.size); err != nil {
			return nil, err
		}
	}
	if s.fresh = s.clusterID == ""; s.fresh {
		id := NewID()
		if err := s.commit(command{ClusterID: base64.RawURLEncoding.EncodeToString(id[:])}); err != nil {
			return nil, err
		}
	}
	return s, errors.Join(fsys.SyncDir(dir), fsys.SyncDir("."))
}

// NewID returns a random id. Kafka reserves those that begin with a dash when
// printed, for tools that take them as arguments.
func NewID() (id TopicID) {
	for {
		rand.Read(id[:]) // never fails
		if id.String()[0] != '-' {
			return id
		}
	}
}

func readFrame(b []byte) (command, []byte, bool) {
	var cmd command
	if len(b) < 8 {
		return cmd, nil, false
	}
	n := int64(binary.BigEndian.Uint32(b))
	if n > int64(len(b)-8) || wireproto.Checksum(b[8:8+n]) != binary.BigEndian.Uint32(b[4:]) || n == 0 {
		return cmd, nil, false
	}
	if json.Unmarshal(b[8:8+n], &cmd) != nil {
		return cmd, nil, false
	}
	return cmd, b[8+n:], true
}

// followed reports whether a good frame comes after the bad one at the start of b:
// damage in the middle, where a torn write leaves a bad end.
func followed(b []byte) bool {
	for i := 1; i+9 < len(b); i++ {
		if b[i+8] != '{' {
			continue
		}
		if _, _, ok := readFrame(b[i:]); ok {
			return true
		}
	}
	return false
}

func appendFrame(dst []byte, cmd command) ([]byte, error) {
	b, err := json.Marshal(cmd)
	if err != nil {
		return nil, err
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(b)))
	dst = binary.BigEndian.AppendUint32(dst, wireproto.Checksum(b))
	return append(dst, b...), nil
}

func (s *Store) apply(c command) {
	if c.ClusterID != "" {
		s.clusterID = c.ClusterID
	}
	if c.Topic != nil {
		if old := s.byName[c.Topic.Name]; old != nil {
			delete(s.byID, old.ID)
		}
		s.byName[c.Topic.Name], s.byID[c.Topic.ID] = c.Topic, c.Topic
	}
	if c.Delete != nil {
		if t := s.byID[*c.Delete]; t != nil {
			delete(s.byID, t.ID)
			delete(s.byName, t.Name)
		}
	}
	s.security.apply(c)
	s.reserved = max(s.reserved, c.NextPID)
	s.epoch = max(s.epoch, c.Epoch)
}

// commit makes a command durable and applies it. Called with mu held, or before
// the store is shared.
func (s *Store) commit(cmd command) error {
	if s.failed != nil {
		return s.failed
	}
	b, err := appendFrame(nil, cmd)
	if err != nil {
		return err
	}
	if _, err := s.f.WriteAt(b, s.size); err != nil {
		return err // nothing was accepted: the next write overwrites it
	}
	if err := s.f.Sync(); err != nil {
		s.failed = fmt.Errorf("metadata: flush failed, no more changes until a restart: %w", err)
		return s.failed
	}
	s.size += int64(len(b))
	s.apply(cmd)
	if s.size > rewriteBytes && s.size > 4*s.liveSize() {
		return s.rewrite()
	}
	return nil
}

func (s *Store) liveSize() int64 {
	n := int64(256) + s.security.liveSize()
	for _, t := range s.byName {
		n += int64(len(t.Name)) + 100
		for k, v := range t.Configs {
			n += int64(len(k) + len(v) + 6)
		}
	}
	return n
}

func (s *Store) rewrite() error {
	b, err := appendFrame(nil, command{ClusterID: s.clusterID, NextPID: s.reserved, Epoch: s.epoch})
	cmds := s.security.commands()
	for _, t := range s.byName {
		cmds = append(cmds, command{Topic: t})
	}
	for _, cmd := range cmds {
		if err == nil {
			b, err = appendFrame(b, cmd)
		}
	}
	if err != nil {
		return err
	}
	// Windows does not replace an open file.
	if err := s.f.Close(); err != nil {
		s.failed = err
		return err
	}
	werr := vfs.WriteFile(s.fs, dir, file, b)
	f, err := s.fs.Open(dir + "/" + file)
	if err != nil {
		s.failed = err
		return errors.Join(werr, err)
	}
	s.f = f
	if werr != nil {
		return werr // the old log goes on
	}
	s.size = int64(len(b))
	return nil
}

// ClusterID is the 22-character id, generated once.
func (s *Store) ClusterID() string { return s.clusterID }

// Fresh reports that Open found no state and made a new cluster.
func (s *Store) Fresh() bool { return s.fresh }

// Epoch is the current leader epoch.
func (s *Store) Epoch() int32 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.epoch
}

// NextEpoch starts a new leader epoch, after an unclean stop.
func (s *Store) NextEpoch() (int32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.commit(command{Epoch: s.epoch + 1})
	return s.epoch, err
}

// ProducerID returns an id that was never given out before.
func (s *Store) ProducerID() (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nextPID >= s.reserved {
		if err := s.commit(command{NextPID: s.reserved + pidBlock}); err != nil {
			return 0, err
		}
	}
	s.nextPID++
	return s.nextPID - 1, nil
}

// Topics returns all topics by name.
func (s *Store) Topics() []*Topic {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := slices.Collect(maps.Values(s.byName))
	slices.SortFunc(out, func(a, b *Topic) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Topic finds a topic by name, nil if there is none.
func (s *Store) Topic(name string) *Topic {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byName[name]
}

// TopicByID finds a topic by id, nil if there is none.
func (s *Store) TopicByID(id TopicID) *Topic {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byID[id]
}

// CheckName applies Kafka's rules for a new topic name.
func (s *Store) CheckName(name string) error {
	if err := ValidName(name); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.collides(name)
}

// collides reports a topic that differs only in '.' and '_', which metric names
// cannot tell apart.
func (s *Store) collides(name string) error {
	if !strings.ContainsAny(name, "._") {
		return nil
	}
	flat := strings.ReplaceAll(name, ".", "_")
	for other := range s.byName {
		if other != name && strings.ReplaceAll(other, ".", "_") == flat {
			return fmt.Errorf("%w: %q collides with the existing topic %q: period and underscore count as the same", ErrName, name, other)
		}
	}
	return nil
}

// ValidName checks the characters and the length of a topic name.
func ValidName(name string) error {
	switch {
	case name == "" || name == "." || name == "..":
		return fmt.Errorf("%w: it cannot be %q", ErrName, name)
	case len(name) > 249:
		return fmt.Errorf("%w: longer than 249 characters", ErrName)
	}
	for _, c := range name {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-') {
			return fmt.Errorf("%w: %q has a character other than ASCII alphanumerics, '.', '_' and '-'", ErrName, name)
		}
	}
	return nil
}

// Create adds a topic.
func (s *Store) Create(name string, partitions int32, configs map[string]string) (*Topic, error) {
	if err := ValidName(name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.byName[name]; t != nil {
		return t, fmt.Errorf("%w: %q", ErrExists, name)
	}
	if err := s.collides(name); err != nil {
		return nil, err
	}
	t := &Topic{Name: name, ID: NewID(), Partitions: partitions, Configs: maps.Clone(configs)}
	return t, s.commit(command{Topic: t})
}

// Delete removes a topic.
func (s *Store) Delete(id TopicID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID[id] == nil {
		return ErrUnknown
	}
	return s.commit(command{Delete: &id})
}

// Update replaces a topic by what change makes of a copy; name and id stay.
func (s *Store) Update(id TopicID, change func(*Topic) error) (*Topic, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.byID[id]
	if old == nil {
		return nil, ErrUnknown
	}
	t := *old
	t.Configs = maps.Clone(old.Configs)
	if t.Configs == nil {
		t.Configs = map[string]string{}
	}
	if err := change(&t); err != nil {
		return nil, err
	}
	t.Name, t.ID = old.Name, old.ID
	return &t, s.commit(command{Topic: &t})
}

// Close releases the file.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = errors.New("metadata: closed")
	return s.f.Close()
}
