package consumer

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestGoldenRecords fixes the bytes of every record type, as the schemas of
// Apache Kafka's group-coordinator module (ConsumerGroup*Key/Value.json) say.
func TestGoldenRecords(t *testing.T) {
	topics := newTopics()
	topics.sizes["t"] = 2
	m := New("g", topics)
	now := time.UnixMilli(1_700_000_000_000)
	r := m.Heartbeat(now, Config{}, Request{MemberID: "m", InstanceID: new("i"), RackID: new("r"), ClientID: "c", ClientHost: "/h",
		RebalanceTimeout: 30 * time.Second, Topics: []string{"t"}, Regex: new("t."), Assignor: new("range"), Owned: []TopicPartitions{}})
	if r.Code != none {
		t.Fatal(r)
	}
	m.hash = 0x0102030405060708
	got := map[string]string{}
	for _, rec := range m.Records() {
		got[hex.EncodeToString(rec.Key)] = hex.EncodeToString(rec.Value)
	}
	id := "74000000000000000000000000000000" // of the topic
	want := map[string]string{
		"0003" + "000167":              "0000" + "00000001" + "01" + "00" + "08" + "0102030405060708",
		"0005" + "000167" + "00016d":   "0000" + "0269" + "0272" + "0263" + "032f68" + "02" + "0274" + "03742e" + "00007530" + "0672616e6765" + "00",
		"0006" + "000167":              "0000" + "00000001" + "00",
		"0007" + "000167" + "00016d":   "0000" + "02" + id + "03" + "00000000" + "00000001" + "00" + "00",
		"0008" + "000167" + "00016d":   "0000" + "00000001" + "00000000" + "00" + "02" + id + "03" + "00000000" + "00000001" + "00" + "01" + "00",
		"0010" + "000167" + "0002742e": "0000" + "01" + "0000000000000000" + "0000018bcfe56800" + "00",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	m.Stored()
	m.Heartbeat(now, Config{}, Request{MemberID: "m", Epoch: -1})
	got = map[string]string{}
	for _, rec := range append(m.Records(), m.Tombstones()...) {
		if rec.Value == nil {
			got[hex.EncodeToString(rec.Key)] = ""
		}
	}
	for k := range want {
		want[k] = ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a group without members is not deleted by its tombstones: %s", diff)
	}
}

// TestLoadSkipsUnknownTags: newer versions of Kafka add tagged fields.
func TestLoadSkipsUnknownTags(t *testing.T) {
	m := New("g", newTopics())
	load := func(kind int16, name, value string) {
		t.Helper()
		b, err := hex.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Load(kind, name, b); err != nil {
			t.Error(err)
		}
	}
	load(recordGroup, "", "0000"+"00000005"+"02"+"00"+"08"+"0102030405060708"+"01"+"08"+"0000000000000000")
	load(recordTarget, "", "0000"+"00000005"+"01"+"00"+"08"+"0000000000000000")
	load(recordMember, "m", "0000"+"00"+"00"+"0263"+"032f68"+"02"+"0274"+"00"+"00007530"+"00"+"00")
	id := "74000000000000000000000000000000"
	load(recordCurrent, "m", "0000"+"00000005"+"00000004"+"00"+"02"+id+"02"+"00000001"+"01"+"00"+"05"+"0200000005"+"01"+"00")
	load(recordPartitions, "", "0000")
	if !m.Resume(time.Unix(0, 0), Config{}) {
		t.Fatal("the group does not exist")
	}
	if c := m.members["m"]; c == nil || m.epoch != 5 || m.hash != 0x0102030405060708 || c.epoch != 5 || len(c.assigned) != 1 {
		t.Errorf("loaded %+v with %+v", m, c)
	}
}

// FuzzLoad: no bytes in the topic make the group panic, whatever comes after.
func FuzzLoad(f *testing.F) {
	topics := newTopics()
	topics.create("t", 2)
	m := New("g", topics)
	m.Heartbeat(time.Unix(0, 0), Config{}, Request{MemberID: "m", Topics: []string{"t"}, Regex: new("t."), Owned: []TopicPartitions{}})
	for _, rec := range m.Records() {
		f.Add(rec.Key, rec.Value)
	}
	f.Add([]byte{0, 3}, []byte{0, 0})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		kind, _, name, ok, err := ParseKey(key)
		if !ok || err != nil {
			return
		}
		m := New("g", topics)
		if m.Load(kind, name, value) != nil || m.Load(recordMember, name, []byte("\x00\x00\x00\x00\x02c\x02h\x02\x02t\x00\x00\x00\x00\x01\x00\x00")) != nil {
			return
		}
		m.Resume(time.Unix(0, 0), Config{})
		m.Heartbeat(time.Unix(1, 0), Config{}, Request{MemberID: "n", Topics: []string{"t"}, Owned: []TopicPartitions{}})
		m.Describe()
		m.Tick(time.Unix(100, 0))
		if m.Size() != 0 {
			t.Errorf("members outlive their sessions: %+v", m.members)
		}
		m.Records()
		m.Tombstones()
	})
}
