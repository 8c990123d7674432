//go:build slow

package schemaregistry_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kurier-io/kurier/broker/brokertest"
)

// TestStopWhileKafkaIsAway stops a registry whose write waits for Kafka: it ends after its grace period, the write too.
func TestStopWhileKafkaIsAway(t *testing.T) {
	kafka := brokertest.New(t)
	r := start(t, kafka)
	kafka.Stop()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		resp, err := transport.Post("http://"+r.r.Addr()+"/subjects/s/versions", "application/json", strings.NewReader(`{"schema":"\"int\""}`))
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				t.Error("a write is answered without Kafka")
			}
		}
	}()
	time.Sleep(200 * time.Millisecond) // the write is on its way
	began := time.Now()
	r.stop()
	<-asked
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("the stop took %v", took)
	}
	kafka.Start()
	after := start(t, kafka)
	after.expect("POST", "/subjects/s/versions", `{"schema":"\"long\""}`, `200 {"id":1,"version":1,…`)
}
