package server_test

import (
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/brokertest"
)

func frame(req kmsg.Request, version int16, corr uint32) []byte {
	req.SetVersion(version)
	be := binary.BigEndian
	b := be.AppendUint16(make([]byte, 4), uint16(req.Key()))
	b = be.AppendUint16(b, uint16(version))
	b = be.AppendUint32(b, corr)
	b = be.AppendUint16(b, 0xffff)
	if req.IsFlexible() {
		b = append(b, 0)
	}
	b = req.AppendTo(b)
	be.PutUint32(b, uint32(len(b)-4))
	return b
}

// TestPipelinedAnswersKeepTheirOrder sends a hundred requests of many kinds at
// once, a parked fetch among them.
func TestPipelinedAnswersKeepTheirOrder(t *testing.T) {
	c := dial(t, brokertest.New(t).Addr())
	create(c, false, topic(aTopic, 1, 1))
	var all []byte
	for i := range uint32(100) {
		switch i % 5 {
		case 0:
			all = append(all, frame(kmsg.NewPtrMetadataRequest(), 12, i)...)
		case 1:
			p := kmsg.NewPtrProduceRequest()
			p.Acks, p.TimeoutMillis = -1, 5000
			p.Topics = []kmsg.ProduceRequestTopic{{Topic: aTopic, Partitions: []kmsg.ProduceRequestTopicPartition{{Records: bigBatch(100)}}}}
			all = append(all, frame(p, 9, i)...)
		case 2:
			f := fetchRequest(0, -1, 0)
			if f.MaxWaitMillis = 20; i == 52 { // it waits for more than there is
				f.MinBytes, f.MaxWaitMillis = 1<<20, 200
			}
			all = append(all, frame(f, 12, i)...)
		case 3:
			all = append(all, frame(requests()[2][0], 7, i)...)
		case 4:
			all = append(all, frame(kmsg.NewPtrListGroupsRequest(), 4, i)...)
		}
	}
	go func() { _, _ = c.nc.Write(all) }()
	for want := range uint32(100) {
		var head [8]byte
		if _, err := io.ReadFull(c.nc, head[:]); err != nil {
			t.Fatal(err)
		}
		if got := binary.BigEndian.Uint32(head[4:]); got != want {
			t.Fatalf("answer %d where %d was due", got, want)
		}
		if _, err := io.CopyN(io.Discard, c.nc, int64(binary.BigEndian.Uint32(head[:]))-4); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnnouncedFramesCostNothing: a thousand connections that announce a large
// request and send nothing of it.
func TestAnnouncedFramesCostNothing(t *testing.T) {
	b := brokertest.New(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	conns := make([]net.Conn, 1000)
	for i := range conns {
		nc, err := net.Dial("tcp", b.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		conns[i] = nc
		// A Produce of 90 MiB, of which the header alone arrives.
		if _, err := nc.Write([]byte{0x05, 0xa0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0xff, 0xff, 0}); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(100 * time.Millisecond)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapInuse+after.StackInuse) - int64(before.HeapInuse+before.StackInuse); grown > 64<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
	dial(t, b.Addr()).call(kmsg.NewPtrMetadataRequest(), 12) // others are served

	// Two gigabytes are more than any request may have: closed at once.
	nc, err := net.Dial("tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.Write([]byte{0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 9, 0, 0, 0, 1}); err != nil {
		t.Fatal(err)
	}
	if err := nc.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a frame of 2 GiB: %v, want the end", err)
	}
}
