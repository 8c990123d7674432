package wire

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

func rowSchema() *data.Schema {
	b := data.StructOf().Name("row").Field("id", data.Of(data.Int64).MustBuild())
	for i := range 9 {
		b.Field(fmt.Sprintf("c%d", i), data.Of(data.String).Optional().MustBuild())
	}
	return b.MustBuild()
}

func rows(s *data.Schema, n int) []connect.SourceRecord {
	part := map[string]any{"table": "t"}
	out := make([]connect.SourceRecord, n)
	for i := range out {
		st := data.NewStruct(s)
		st.SetAt(0, data.Int64Value(int64(i)))
		for c := 1; c < 10; c++ {
			st.SetAt(c, data.StringValue("twenty characters ok"))
		}
		out[i] = connect.SourceRecord{
			Record:          connect.Record{Topic: "t", ValueSchema: s, Value: data.StructValue(st), Timestamp: connect.Some(int64(1000 + i))},
			SourcePartition: part, SourceOffset: map[string]any{"id": int64(i)},
		}
	}
	return out
}

var cmpOpts = cmp.Options{
	cmp.Comparer(func(a, b data.Value) bool { return a.Equal(b) }),
	cmp.Comparer(func(a, b *data.Schema) bool { return a.Equal(b) }),
}

func TestSourceRecordsSurviveFrames(t *testing.T) {
	s := rowSchema()
	recs := rows(s, 3)
	recs[1].KeySchema, recs[1].Key = data.Of(data.String).MustBuild(), data.StringValue("k")
	recs[1].Partition = connect.Some(int32(4))
	recs[1].Headers = []connect.Header{{Key: "h", Schema: data.Of(data.Int32).MustBuild(), Value: data.Int32Value(7)}, {Key: "n"}}
	recs[2].ValueSchema, recs[2].Value = nil, data.Null()
	recs[0].SourcePartition, recs[0].SourceOffset = nil, nil
	e, d := NewEncoder(), NewDecoder()
	for range 2 { // the second frame refers to the definitions of the first
		frame, err := e.Source(nil, recs)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Source(frame)
		if err != nil {
			t.Fatal(err)
		}
		for i := range recs {
			if diff := cmp.Diff(recs[i].Record, got.Records[i], cmpOpts); diff != "" {
				t.Errorf("record %d: %s", i, diff)
			}
			if p := got.Partition(got.Partitions[i]); p["table"] != "t" {
				t.Errorf("record %d has partition %v", i, p)
			}
		}
		if got.Offsets[0] != nil {
			t.Errorf("record 0 has an offset")
		}
		if p, err := DecodePosition(got.Offsets[2]); err != nil || p["id"] != int64(2) {
			t.Errorf("offset %v, %v", p, err)
		}
		if got.Records[1].ValueSchema != got.Records[0].ValueSchema {
			t.Error("one schema has two pointers")
		}
	}
}

func TestSinkRecordsSurviveFrames(t *testing.T) {
	recs := []connect.SinkRecord{
		{Record: connect.Record{Topic: "t", Partition: connect.Some(int32(1)), Value: data.StringValue("a"), ValueSchema: data.Of(data.String).MustBuild()},
			Offset: 10, TimestampType: connect.CreateTime, OriginalTopic: "t", OriginalPartition: 1},
		{Record: connect.Record{Topic: "renamed", Partition: connect.Some(int32(1))}, Offset: 12, TimestampType: connect.NoTimestampType, OriginalTopic: "t", OriginalPartition: 2},
	}
	frame, err := NewEncoder().Sink(nil, recs)
	if err != nil {
		t.Fatal(err)
	}
	got, err := NewDecoder().Sink(frame)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(recs, got, cmpOpts); diff != "" {
		t.Error(diff)
	}
}

func TestAFrameHasTheseBytes(t *testing.T) {
	recs := []connect.SourceRecord{{Record: connect.Record{Topic: "t", ValueSchema: data.Of(data.Int8).MustBuild(), Value: data.Int8Value(5)},
		SourcePartition: map[string]any{"p": true}, SourceOffset: map[string]any{"o": int64(1)}}}
	frame, err := NewEncoder().Source(nil, recs)
	if err != nil {
		t.Fatal(err)
	}
	want := "\x01\x00\x00\x00\x00" + // one record
		"\x03\x0d\x01\x08\x01p\x01\x01" + // partition {p: true}
		"\x02\x01t" + // topic
		"\x01\x01\x00" + // schema INT8
		"\x04\x30\x00\x01\x00\x01\x01\x05" + // record: value and offset; topic 1, no key schema, schema 1, partition 1; 5
		"\x0d\x01\x08\x01o\x05\x01\x00\x00\x00\x00\x00\x00\x00" // offset {o: 1}
	if string(frame) != want {
		t.Errorf("% x\nwant % x", frame, want)
	}
}

func TestABadRecordIsNamed(t *testing.T) {
	recs := rows(rowSchema(), 2)
	recs[1].Value = data.StringValue("not a struct")
	_, err := NewEncoder().Source(nil, recs)
	bad, ok := errors.AsType[*connect.BadRecordsError](err)
	if !ok || bad.Records[0].Index != 1 {
		t.Errorf("got %v", err)
	}
}

func TestEqualSchemasShareOneDefinition(t *testing.T) {
	e := NewEncoder()
	var sizes []int
	for range 3 {
		frame, err := e.Source(nil, rows(rowSchema(), 1))
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(frame))
	}
	if sizes[1] >= sizes[0] || sizes[1] != sizes[2] {
		t.Errorf("frame sizes %v: a schema built again travelled again", sizes)
	}
}

func TestErrorsKeepTheirKind(t *testing.T) {
	plain := errors.New("plain")
	for _, err := range []error{plain, connect.Retriable(plain, 2*time.Second), connect.ConfigErr("k", "bad", "do x"), connect.BadRecord(3, plain), nil} {
		got := ErrorFromPB(ErrorToPB(fmt.Errorf("wrapped: %w", cmpOr(err))))
		switch e := err.(type) {
		case *connect.RetriableError:
			r, ok := errors.AsType[*connect.RetriableError](got)
			if !ok || r.After != e.After {
				t.Errorf("%v became %v", err, got)
			}
		case *connect.ConfigError:
			if diff := cmp.Diff(err, got); diff != "" {
				t.Error(diff)
			}
		case *connect.BadRecordsError:
			b, ok := errors.AsType[*connect.BadRecordsError](got)
			if !ok || b.Records[0].Index != 3 {
				t.Errorf("%v became %v", err, got)
			}
		}
	}
	if ErrorFromPB(ErrorToPB(nil)) != nil {
		t.Error("nil did not stay nil")
	}
}

func cmpOr(err error) error {
	if err == nil {
		return errors.New("none")
	}
	return err
}

func TestPositionsKeepTheirTypes(t *testing.T) {
	in := []connect.SourcePosition{{Partition: map[string]any{"t": "x"}, Offset: map[string]any{"i": int64(1 << 60), "f": 2.0, "b": true, "n": nil}}, {Partition: map[string]any{"t": "y"}}}
	pb, err := PositionsToPB(in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := PositionsFromPB(pb)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, out); diff != "" {
		t.Error(diff)
	}
}

func FuzzDecoder(f *testing.F) {
	frame, err := NewEncoder().Source(nil, rows(rowSchema(), 2))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(frame)
	f.Fuzz(func(t *testing.T, b []byte) {
		if batch, err := NewDecoder().Source(b); err == nil {
			for _, o := range batch.Offsets {
				if o != nil {
					_, _ = DecodePosition(o)
				}
			}
		} else if !errors.Is(err, ErrMalformed) {
			t.Fatalf("an error of another kind: %v", err)
		}
		if _, err := NewDecoder().Sink(b); err != nil && !errors.Is(err, ErrMalformed) {
			t.Fatalf("an error of another kind: %v", err)
		}
	})
}

func BenchmarkSourceFrame(b *testing.B) {
	recs := rows(rowSchema(), 1000)
	b.Run("encode", func(b *testing.B) {
		e := NewEncoder()
		var buf []byte
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if buf, err = e.Source(buf[:0], recs); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("decode", func(b *testing.B) {
		frame, _ := NewEncoder().Source(nil, recs)
		d := NewDecoder()
		if _, err := d.Source(frame); err != nil {
			b.Fatal(err)
		}
		frame[4] = flagForget // the definitions of this frame stand in it again
		b.ReportAllocs()
		for b.Loop() {
			if _, err := d.Source(frame); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "records/s")
	})
}
