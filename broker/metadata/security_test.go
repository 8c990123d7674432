package metadata

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/security/acl"
	"github.com/kurier-io/kurier/broker/security/sasl"
	"github.com/kurier-io/kurier/broker/vfs"
)

func binding(name string) acl.Binding {
	return acl.Binding{Type: kmsg.ACLResourceTypeTopic, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral,
		Principal: "User:a", Host: "*", Operation: kmsg.ACLOperationRead, Permission: kmsg.ACLPermissionTypeAllow}
}

// TestSecurityStateSurvives: users, ACLs, quotas and group configs are back after
// a crash, and after the log was rewritten.
func TestSecurityStateSurvives(t *testing.T) {
	fs := vfs.NewMem()
	s := mustOpen(t, fs)
	user := "alice"
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key := sasl.Credential{Salt: []byte{1}, StoredKey: []byte{2}, ServerKey: []byte{3}, Iterations: 4096}
	must(s.SetUser(User{Name: "alice", Keys: map[string]sasl.Credential{sasl.ScramSHA256: key}}))
	must(s.SetUser(User{Name: "bob", Keys: map[string]sasl.Credential{sasl.ScramSHA256: key}}))
	must(s.SetUser(User{Name: "bob"}))
	must(s.ChangeACLs(nil, []acl.Binding{binding("b"), binding("a"), binding("a")}))
	must(s.ChangeACLs([]acl.Binding{binding("b")}, nil))
	must(s.SetQuota(Quota{Entity: []QuotaEntity{{Type: "user", Name: &user}, {Type: "client-id"}}, Values: map[string]float64{"producer_byte_rate": 1024}}))
	must(s.SetQuota(Quota{Entity: []QuotaEntity{{Type: "ip"}}, Values: map[string]float64{"connection_creation_rate": 1}}))
	must(s.SetQuota(Quota{Entity: []QuotaEntity{{Type: "ip"}}}))
	must(s.SetGroupConfig(GroupConfig{Group: "g", Values: map[string]string{"consumer.session.timeout.ms": "50000"}}))

	check := func(s *Store) {
		t.Helper()
		if diff := cmp.Diff([]User{{Name: "alice", Keys: map[string]sasl.Credential{sasl.ScramSHA256: key}}}, s.Users()); diff != "" {
			t.Error("users", diff)
		}
		if _, ok := s.User("bob"); ok {
			t.Error("bob was removed")
		}
		if diff := cmp.Diff([]acl.Binding{binding("a")}, s.ACLs()); diff != "" {
			t.Error("ACLs", diff)
		}
		want := Quota{Entity: []QuotaEntity{{Type: "client-id"}, {Type: "user", Name: &user}}, Values: map[string]float64{"producer_byte_rate": 1024}}
		if diff := cmp.Diff(map[string]Quota{want.Key(): want}, s.Quotas()); diff != "" {
			t.Error("quotas", diff)
		}
		if diff := cmp.Diff(map[string]map[string]string{"g": {"consumer.session.timeout.ms": "50000"}}, s.GroupConfigs()); diff != "" {
			t.Error("group configs", diff)
		}
	}
	check(s)
	fs = fs.Crash(rand.New(rand.NewPCG(1, 2)))
	s = mustOpen(t, fs)
	check(s)
	must(s.rewrite())
	check(mustOpen(t, fs.Crash(rand.New(rand.NewPCG(3, 4)))))
}
