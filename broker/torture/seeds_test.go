package torture

import (
	"context"
	"reflect"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/server"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// versions lists what a broker offers, by key.
func versions(n *node) (map[int16][2]int16, error) {
	nc, err := n.dial(context.Background(), "", "")
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	req := kmsg.NewPtrApiVersionsRequest()
	req.ClientSoftwareName, req.ClientSoftwareVersion = "torture", "1"
	resp, err := rawConn{nc}.call(req, 3, 10*time.Second)
	if err != nil {
		return nil, err
	}
	out := map[int16][2]int16{}
	for _, k := range resp.(*kmsg.ApiVersionsResponse).ApiKeys {
		out[k.ApiKey] = [2]int16{k.MinVersion, k.MaxVersion}
		if k.ApiKey == 0 {
			out[0] = [2]int16{3, k.MaxVersion} // less is advertised but not served
		}
	}
	return out, nil
}

// filled returns a request of a kind with one element in every list and something
// plausible in every field.
func filled(key, version int16, topicID [16]byte) kmsg.Request {
	req := kmsg.RequestForKey(key)
	req.SetVersion(version)
	fill(reflect.ValueOf(req).Elem(), "", topicID)
	req.SetVersion(version)
	switch r := req.(type) {
	case *kmsg.ProduceRequest:
		r.Acks, r.TransactionID = -1, nil
	case *kmsg.FetchRequest:
		r.ReplicaID, r.ReplicaState.ID, r.MaxWaitMillis, r.MaxBytes, r.SessionID, r.SessionEpoch = -1, -1, 10, 1<<20, 0, -1
		r.Topics[0].Partitions[0].PartitionMaxBytes = 1 << 20
	case *kmsg.JoinGroupRequest:
		r.SessionTimeoutMillis, r.RebalanceTimeoutMillis, r.MemberID = 6000, 100, ""
	case *kmsg.CreateTopicsRequest:
		r.Topics[0].Topic, r.Topics[0].ReplicaAssignment, r.Topics[0].Configs = "new", nil, nil
	case *kmsg.DeleteTopicsRequest:
		r.TopicNames, r.Topics[0].Topic = []string{"other"}, new("other")
	case *kmsg.CreatePartitionsRequest:
		r.Topics[0].Assignment, r.Topics[0].Count = nil, 3
	}
	return req
}

func fill(v reflect.Value, name string, topicID [16]byte) {
	switch v.Kind() {
	case reflect.Struct:
		if d := v.Addr().MethodByName("Default"); d.IsValid() {
			d.Call(nil)
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "UnknownTags" && f.Name != "Version" {
				fill(v.Field(i), f.Name, topicID)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name, topicID)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte("bytes"))
			if name == "Records" {
				v.SetBytes(wireproto.NewBatch(time.Now().UnixMilli(), wireproto.Record{Key: []byte("k"), Value: []byte("v")}))
			}
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name, topicID)
	case reflect.Array:
		if strings.HasPrefix(name, "TopicID") {
			v.Set(reflect.ValueOf(topicID))
		}
	case reflect.String:
		switch {
		case strings.HasPrefix(name, "Topic"):
			v.SetString("t")
		case strings.HasPrefix(name, "Group"):
			v.SetString("g")
		case strings.Contains(name, "Regex"):
			v.SetString("t.*")
		case strings.HasPrefix(name, "Client"):
			v.SetString("torture")
		case name == "Mechanism":
			v.SetString("PLAIN")
		default:
			v.SetString("x")
		}
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if v.Int() == 0 && strings.HasSuffix(name, "Millis") {
			v.SetInt(100)
		}
	}
}

// stock gives a node the topics t and other, a committed offset and a few records.
func stock(n *node) ([16]byte, error) {
	for _, name := range []string{"t", "other"} {
		if _, err := n.srv.InternalTopic(name); err != nil {
			return [16]byte{}, err
		}
	}
	if _, err := n.srv.InternalTopic(server.OffsetsTopicName); err != nil {
		return [16]byte{}, err
	}
	return n.meta.Topic("t").ID, nil
}
