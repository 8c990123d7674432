package acl_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/broker/security/acl"
)

const (
	topic    = kmsg.ACLResourceTypeTopic
	literal  = kmsg.ACLResourcePatternTypeLiteral
	prefixed = kmsg.ACLResourcePatternTypePrefixed
	allow    = kmsg.ACLPermissionTypeAllow
	deny     = kmsg.ACLPermissionTypeDeny
	read     = kmsg.ACLOperationRead
	write    = kmsg.ACLOperationWrite
	describe = kmsg.ACLOperationDescribe
	all      = kmsg.ACLOperationAll
)

func rule(name string, p acl.Pattern, who string, op acl.Operation, perm acl.Permission) acl.Binding {
	return acl.Binding{Type: topic, Name: name, Pattern: p, Principal: who, Host: "*", Operation: op, Permission: perm}
}

func TestRulesOfTheAuthorizer(t *testing.T) {
	alice := acl.Client{Principal: "User:alice", Host: "10.0.0.1"}
	for _, tc := range []struct {
		name  string
		rules []acl.Binding
		op    acl.Operation
		topic string
		want  bool
	}{
		{"nothing is allowed by default", nil, read, "a", false},
		{"a literal rule", []acl.Binding{rule("a", literal, "User:alice", read, allow)}, read, "a", true},
		{"of another name", []acl.Binding{rule("a", literal, "User:alice", read, allow)}, read, "ab", false},
		{"of another user", []acl.Binding{rule("a", literal, "User:bob", read, allow)}, read, "a", false},
		{"every user", []acl.Binding{rule("a", literal, "User:*", read, allow)}, read, "a", true},
		{"every topic", []acl.Binding{rule("*", literal, "User:alice", read, allow)}, read, "a", true},
		{"a prefix", []acl.Binding{rule("app-", prefixed, "User:alice", read, allow)}, read, "app-1", true},
		{"a prefix that is a star is no wildcard", []acl.Binding{rule("*", prefixed, "User:alice", read, allow)}, read, "a", false},
		{"deny wins", []acl.Binding{rule("*", literal, "User:alice", all, allow), rule("a", literal, "User:alice", read, deny)}, read, "a", false},
		{"deny of a prefix wins", []acl.Binding{rule("app-1", literal, "User:alice", read, allow), rule("app", prefixed, "User:*", all, deny)}, read, "app-1", false},
		{"read implies describe", []acl.Binding{rule("a", literal, "User:alice", read, allow)}, describe, "a", true},
		{"describe does not imply read", []acl.Binding{rule("a", literal, "User:alice", describe, allow)}, read, "a", false},
		{"denied read leaves describe", []acl.Binding{rule("a", literal, "User:alice", all, allow), rule("a", literal, "User:alice", read, deny)}, describe, "a", true},
		{"alter configs implies describe configs", []acl.Binding{rule("a", literal, "User:alice", kmsg.ACLOperationAlterConfigs, allow)}, kmsg.ACLOperationDescribeConfigs, "a", true},
		{"all is all", []acl.Binding{rule("a", literal, "User:alice", all, allow)}, write, "a", true},
	} {
		a := acl.NewAuthorizer([]string{"User:root"}, false)
		a.Set(tc.rules)
		if got := a.Allowed(alice, tc.op, topic, tc.topic); got != tc.want {
			t.Errorf("%s: allowed=%v, want %v", tc.name, got, tc.want)
		}
		if !a.Allowed(acl.Client{Principal: "User:root"}, tc.op, topic, tc.topic) {
			t.Errorf("%s: the super user was refused", tc.name)
		}
		if !a.Allowed(acl.Client{Trusted: true}, tc.op, topic, tc.topic) {
			t.Errorf("%s: the trusted client was refused", tc.name)
		}
	}
	var none *acl.Authorizer
	if !none.Allowed(alice, read, topic, "a") {
		t.Error("without an authorizer something was refused")
	}
}

func TestHosts(t *testing.T) {
	a := acl.NewAuthorizer(nil, false)
	b := rule("a", literal, "User:alice", read, allow)
	b.Host = "10.0.0.1"
	a.Set([]acl.Binding{b})
	if !a.Allowed(acl.Client{Principal: "User:alice", Host: "10.0.0.1"}, read, topic, "a") || a.Allowed(acl.Client{Principal: "User:alice", Host: "10.0.0.2"}, read, topic, "a") {
		t.Error("the host of a rule is not looked at")
	}
}

func TestEveryoneWhereNoRuleIs(t *testing.T) {
	a := acl.NewAuthorizer(nil, true)
	a.Set([]acl.Binding{rule("a", literal, "User:bob", read, allow)})
	alice := acl.Client{Principal: "User:alice"}
	if a.Allowed(alice, read, topic, "a") || !a.Allowed(alice, read, topic, "b") {
		t.Error("a topic with rules is for those alone, one without for everybody")
	}
}

func TestSomewhere(t *testing.T) {
	alice := acl.Client{Principal: "User:alice"}
	for _, tc := range []struct {
		name  string
		rules []acl.Binding
		want  bool
	}{
		{"nothing", nil, false},
		{"one topic", []acl.Binding{rule("a", literal, "User:alice", write, allow)}, true},
		{"only reading", []acl.Binding{rule("a", literal, "User:alice", read, allow)}, false},
		{"one topic, denied", []acl.Binding{rule("a", literal, "User:alice", write, allow), rule("a", literal, "User:*", all, deny)}, false},
		{"a prefix with one topic denied", []acl.Binding{rule("ap", prefixed, "User:alice", write, allow), rule("app", literal, "User:alice", write, deny)}, true},
		{"everything denied", []acl.Binding{rule("ap", prefixed, "User:alice", write, allow), rule("*", literal, "User:alice", write, deny)}, false},
	} {
		a := acl.NewAuthorizer(nil, false)
		a.Set(tc.rules)
		if got := a.AllowedSomewhere(alice, write, topic); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

// TestAgainstANaiveReading compares the index with a plain loop over all rules.
func TestAgainstANaiveReading(t *testing.T) {
	names := rapid.SampledFrom([]string{"*", "a", "ab", "abc", "b"})
	rapid.Check(t, func(t *rapid.T) {
		rules := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) acl.Binding {
			return acl.Binding{
				Type: rapid.SampledFrom([]acl.ResourceType{topic, kmsg.ACLResourceTypeGroup}).Draw(t, "type"), Name: names.Draw(t, "name"),
				Pattern:   rapid.SampledFrom([]acl.Pattern{literal, prefixed}).Draw(t, "pattern"),
				Principal: rapid.SampledFrom([]string{"User:x", "User:y", "User:*"}).Draw(t, "who"), Host: "*",
				Operation:  rapid.SampledFrom([]acl.Operation{read, write, all, describe}).Draw(t, "op"),
				Permission: rapid.SampledFrom([]acl.Permission{allow, deny}).Draw(t, "perm"),
			}
		}), 0, 6).Draw(t, "rules")
		a := acl.NewAuthorizer(nil, false)
		a.Set(rules)
		name, op := names.Draw(t, "asked"), rapid.SampledFrom([]acl.Operation{read, write, describe}).Draw(t, "asked op")
		want, denied := false, false
		for _, b := range rules {
			applies := b.Type == topic && (b.Principal == "User:x" || b.Principal == "User:*")
			if b.Pattern == literal {
				applies = applies && (b.Name == name || b.Name == "*")
			} else {
				applies = applies && len(name) >= len(b.Name) && name[:len(b.Name)] == b.Name
			}
			if !applies {
				continue
			}
			if b.Permission == deny {
				denied = denied || b.Operation == op || b.Operation == all
			} else {
				want = want || b.Operation == op || b.Operation == all || op == describe && (b.Operation == read || b.Operation == write)
			}
		}
		if got := a.Allowed(acl.Client{Principal: "User:x"}, op, topic, name); got != (want && !denied) {
			t.Fatalf("allowed=%v for %v on %s with %+v", got, op, name, rules)
		}
	})
}

func TestFilters(t *testing.T) {
	app := "app-1"
	f := acl.Filter{Type: topic, Name: &app, Pattern: kmsg.ACLResourcePatternTypeMatch, Operation: kmsg.ACLOperationAny, Permission: kmsg.ACLPermissionTypeAny}
	for b, want := range map[acl.Binding]bool{
		rule("app-1", literal, "User:a", read, allow): true, rule("app", prefixed, "User:a", read, allow): true,
		rule("*", literal, "User:a", read, allow): true, rule("app", literal, "User:a", read, allow): false,
	} {
		if f.Matches(b) != want {
			t.Errorf("match filter selects %+v: %v", b, !want)
		}
	}
	f.Pattern = kmsg.ACLResourcePatternTypeAny
	if f.Matches(rule("app", prefixed, "User:a", read, allow)) || !f.Matches(rule("app-1", prefixed, "User:a", read, allow)) {
		t.Error("the pattern Any selects by name alone")
	}
}
