package distributed

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/membership"
	"github.com/kurier-io/kurier/runtime/store"
)

func TestSignedTaskConfigs(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		key := n.h.configs.Snapshot().SessionKey
		body := []byte(`[{"v":"9"},{"v":"10"}]`)
		good := herder.Sign(key.Key, body)
		put := func(name string, body []byte, signature, algorithm string) error {
			return n.h.PutTaskConfigs(t.Context(), name, body, signature, algorithm)
		}
		wantErr[*herder.BadRequestError](t, put("X", body, "", herder.KeyAlgorithm), "Internal request missing required signature")
		wantErr[*herder.BadRequestError](t, put("X", body, good, ""), "Internal request missing required signature")
		wantErr[*herder.BadRequestError](t, put("X", body, "!!!!", herder.KeyAlgorithm), "Illegal base64 character 21")
		wantErr[*herder.BadRequestError](t, put("X", body, "A", herder.KeyAlgorithm), "Input byte[] should at least have 2 bytes")
		wantErr[*herder.BadRequestError](t, put("X", body, good, "bogus"), "Algorithm bogus not available")
		wantErr[*herder.BadRequestError](t, put("X", body, good, "HmacSHA1"), "does not support the 'HmacSHA1' key signing algorithm used by other workers. "+
			"This worker is currently configured to use: [HmacSHA256]. Check that all workers'")
		wantErr[*herder.ForbiddenError](t, put("X", body, herder.Sign([]byte("other"), body), herder.KeyAlgorithm), "Internal request contained invalid signature.")
		wantErr[*herder.ForbiddenError](t, put("X", []byte(`[{"v":"8"}]`), good, herder.KeyAlgorithm), "Internal request contained invalid signature.")
		for _, bad := range []string{`{`, `null`, `[null]`, `[{"a":1}]`, `{"a":"b"}`} {
			wantErr[*herder.BadRequestError](t, put("X", []byte(bad), good, herder.KeyAlgorithm), "must be an array of task configurations")
		}
		wantErr[*herder.NotFoundError](t, put("Q", body, good, herder.KeyAlgorithm), "Connector Q not found")
		if err := put("X", body, good, herder.KeyAlgorithm); err != nil {
			t.Fatal(err)
		}
		if got := n.h.configs.Snapshot().TaskConfig(assign.TaskID{Connector: "X", Task: 1}); got["v"] != "10" {
			t.Errorf("stored %v", got)
		}
		n.settle()
		if err := n.h.SetTargetState(t.Context(), "X", store.Stopped); err != nil {
			t.Fatal(err)
		}
		wantErr[*herder.BadRequestError](t, put("X", body, good, herder.KeyAlgorithm), "Cannot submit non-empty set of task configs for stopped connector X")
		n.rebalance(follow)
		wantErr[*herder.NotLeaderError](t, put("X", body, good, herder.KeyAlgorithm), otherURL)
		n.h.Settings.Distributed = false
		if err := put("X", body, good, herder.KeyAlgorithm); !errors.Is(err, errStandalone) {
			t.Errorf("standalone: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t)
		defer n.stop()
		wantErr[*herder.UnavailableError](t, n.h.PutTaskConfigs(t.Context(), "X", []byte(`[]`), herder.Sign(nil, nil), herder.KeyAlgorithm), "still starting up")
	})
}

func TestSessionKeyRotation(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		key := func() []byte { return n.h.configs.Snapshot().SessionKey.Key }
		first := key()
		time.Sleep(59 * time.Minute)
		if len(first) != 32 || !bytes.Equal(first, key()) {
			t.Error("no key, or rotated too early")
		}
		time.Sleep(2 * time.Minute)
		second := key()
		if bytes.Equal(first, second) {
			t.Error("not rotated after its time")
		}
		n.rebalance(follow)
		time.Sleep(3 * time.Hour)
		if !bytes.Equal(second, key()) {
			t.Error("a follower rotated the key")
		}
		n.rebalance(func(g *membership.Generation) { g.Protocol = membership.Compatible })
		time.Sleep(time.Minute)
		if !bytes.Equal(second, key()) {
			t.Error("rotated though nobody signs")
		}
	})
}

func TestFollowerSendsTasksToTheLeader(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.rebalance(follow)
		n.take()
		n.peer.err = errors.New("403")
		cfg := map[string]string{"name": "X", "connector.class": "x.FooSourceConnector", "tasks": "2", "tasks.max": "9"}
		if err := n.h.configs.PutConnector(t.Context(), "X", cfg, ""); err != nil { // as the leader does
			t.Fatal(err)
		}
		post := "post 2 tasks of X to " + otherURL + ", signed with HmacSHA256"
		wantEvents(t, n, "stop connector X", "start connector X v= STARTED", post)
		time.Sleep(251 * time.Millisecond)
		wantEvents(t, n, post)
		time.Sleep(500 * time.Millisecond)
		wantEvents(t, n, post)
		time.Sleep(10 * time.Minute)
		if got := len(n.take()); got < 13 || got > 16 {
			t.Errorf("%d tries in ten minutes, want one a minute in the end", got)
		}
		n.peer.mu.Lock()
		n.peer.err = nil
		n.peer.mu.Unlock()
		n.h.Reconfigure("X") // does not wait for the minute to pass
		time.Sleep(251 * time.Millisecond)
		wantEvents(t, n, post)
		time.Sleep(10 * time.Minute)
		wantEvents(t, n)
	})
}

func TestTooManyTasks(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.put("X", "tasks=3", "tasks.max=2")
		st, err := n.h.Status("X")
		if err != nil || st.Connector.State != store.Failed || st.Connector.WorkerID != "me:8083" {
			t.Errorf("%+v %v", st, err)
		}
		n.take()
		time.Sleep(time.Hour)
		wantEvents(t, n) // not tried again
	})
}

func TestStatuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t)
		defer n.stop()
		n.h.Connector("Z", store.Running, "")
		if st, _ := n.h.Statuses.Connector("Z"); st.Generation != -1 {
			t.Errorf("generation %d before any was joined", st.Generation)
		}
		st, err := n.h.Status("Z")
		if err != nil || st.Type != herder.UnknownType {
			t.Errorf("%+v %v", st, err)
		}
		_, err = n.h.Status("Q")
		wantErr[*herder.NotFoundError](t, err, "No status found for connector Q")
		_, err = n.h.TaskStatus(assign.TaskID{Connector: "Q", Task: 3})
		wantErr[*herder.NotFoundError](t, err, "No status found for task Q-3")
		n.rebalance(follow)
		if _, err := n.h.Status("Z"); err != nil {
			t.Errorf("a follower removed a status: %v", err)
		}
		n.rebalance()
		_, err = n.h.Status("Z")
		wantErr[*herder.NotFoundError](t, err, "No status found")
	})
	bubble(t, func(t *testing.T, n *node) {
		n.h.Topic(assign.TaskID{Connector: "X"}, "orders")
		n.put("Y", "tasks=0")
		if err := n.h.Delete(t.Context(), "X"); err != nil {
			t.Fatal(err)
		}
		n.settle()
		if x := n.h.Statuses.Connectors(); len(x) != 1 || len(n.h.Statuses.Topics("X")) != 0 || len(n.h.Statuses.Tasks("Y")) != 0 {
			t.Errorf("left over: %v, %v", x, n.h.Statuses.Tasks("Y"))
		}
	})
}
