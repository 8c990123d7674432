//go:build slow && unix

package torture

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestDamagedTags measures what one damaged tag count costs: kmsg counts down from
// it after the input has ended. It is a measurement of the dependency; the bound
// asserted is that of a request, per tag.
func TestDamagedTags(t *testing.T) {
	req := kmsg.NewPtrDescribeClusterRequest()
	req.SetVersion(0)
	begin := time.Now()
	err := req.ReadFrom([]byte{0, 0x80, 0x80, 0x80, 0x20}) // 2^26 tags
	took := time.Since(begin)
	if err == nil {
		t.Error("2^26 tags in no bytes were read")
	}
	t.Logf("2^26 tags: %v; the largest count, 2^32-1: %v", took, 64*took)
}
