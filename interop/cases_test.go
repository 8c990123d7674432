//go:build interop

package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/converters/jsonconv"
	"github.com/kurier-io/kurier/converters/rawconv"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/transforms"
	"github.com/kurier-io/kurier/transforms/predicates"
)

// javaCases are a few thousand random inputs and what Java's own classes made of them. The seed may be set, to look for more.
var javaCases = []struct {
	kind  string
	count int
}{{"converters", 3000}, {"transforms", 4000}, {"predicates", 1500}, {"debezium", 4000}, {"avro", 3000}}

const seedVar = "CASES_SEED"

// A javaCase is one line of interop.cases.Main.
type javaCase struct {
	Kind   string            `json:"kind"`
	Class  string            `json:"class"`
	Config map[string]string `json:"config"`
	Schema *neutralSchema    `json:"schema"`
	Value  *neutralValue     `json:"value"`
	Avro   string            `json:"avro"`
	Bytes  []byte            `json:"bytes"`
	Record *neutralRecord    `json:"record"`
	Result *struct {
		Avro   string         `json:"avro"`
		Bytes  []byte         `json:"bytes"`
		Schema *neutralSchema `json:"schema"`
		Value  *neutralValue  `json:"value"`
		Record *neutralRecord `json:"record"`
		Holds  bool           `json:"holds"`
	} `json:"result"`
	Error *javaError `json:"error"`

	line string
}

type javaError struct{ Class, Message, Cause string }

// A neutralRecord is a record as TransformCases describes it.
type neutralRecord struct {
	Topic       string         `json:"topic"`
	Partition   *int32         `json:"partition"`
	Timestamp   *int64         `json:"timestamp"`
	KeySchema   *neutralSchema `json:"keySchema"`
	Key         *neutralValue  `json:"key"`
	ValueSchema *neutralSchema `json:"valueSchema"`
	Value       *neutralValue  `json:"value"`
	Headers     []struct {
		Key    string         `json:"key"`
		Schema *neutralSchema `json:"schema"`
		Value  *neutralValue  `json:"value"`
	} `json:"headers"`
}

// TestJavasOwnClassesAgree compares what we make of random inputs with what Java made of them, byte for byte and text for text, outside the
// list of deliberate differences.
func TestJavasOwnClassesAgree(t *testing.T) {
	classes := javaClient("Connect classes")
	seed := os.Getenv(seedVar)
	if seed == "" {
		seed = "1"
	}
	reg := caseRegistry(t)
	for _, jc := range javaCases {
		classes.check(t, jc.kind, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "cases")
			cmd := java(t, classes, "interop.cases.Main", jc.kind, seed, strconv.Itoa(jc.count), file)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			compareCases(t, reg, file)
		})
	}
}

func caseRegistry(t *testing.T) *registry.Registry {
	t.Helper()
	reg := registry.New()
	for _, entries := range [][]registry.Entry{jsonconv.Register(), rawconv.Register(), transforms.Register(), predicates.Register()} {
		if err := reg.Add(entries...); err != nil {
			t.Fatal(err)
		}
	}
	return reg
}

// mostShown bounds what a failed run prints of each kind of difference.
const mostShown = 5

func compareCases(t *testing.T, reg *registry.Registry, file string) {
	schemas := newAvroRegistry(t)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	agreed, deliberate, wrong := 0, map[string]int{}, map[string]int{}
	in := bufio.NewScanner(f)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		c := &javaCase{line: in.Text()}
		if err := json.Unmarshal(in.Bytes(), c); err != nil {
			t.Fatalf("%v: %s", err, in.Text())
		}
		diff := c.difference(reg, schemas)
		if diff == "" {
			agreed++
			continue
		}
		if why := c.deliberate(diff); why != "" {
			deliberate[why]++
			continue
		}
		kind := c.Kind + " " + c.Class[strings.LastIndexByte(c.Class, '.')+1:]
		if wrong[kind]++; wrong[kind] <= mostShown {
			t.Errorf("%s: %s\n\t%s", kind, diff, c.line)
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d cases agree; deliberate: %v; wrong: %v", agreed, deliberate, wrong)
	if agreed < 500 {
		t.Errorf("only %d cases agree", agreed)
	}
}

// difference runs a case and says how the outcome differs from Java's; empty: not at all.
func (c *javaCase) difference(reg *registry.Registry, schemas *avroRegistry) string {
	switch c.Kind {
	case "avro-write", "avro-read":
		return c.avro(schemas)
	case "predicate":
		return c.predicate(reg)
	case "write", "read":
		e, ok := reg.Find(c.Class, registry.ConverterKind)
		if !ok {
			return "no such converter"
		}
		conv := e.NewConverter()
		if err := conv.Configure(c.Config, false); err != nil {
			return c.failed(err)
		}
		if c.Kind == "write" {
			return c.write(func(s *data.Schema, v data.Value) ([]byte, bool, error) {
				return conv.FromConnectData(nil, "topic", s, v)
			})
		}
		return c.read(func(b []byte) (*data.Schema, data.Value, error) { return conv.ToConnectData("topic", b) })
	case "header-write", "header-read":
		e, ok := reg.Find(c.Class, registry.HeaderConverterKind)
		if !ok {
			return "no such header converter"
		}
		conv := e.NewHeader()
		if err := conv.Configure(c.Config); err != nil {
			return c.failed(err)
		}
		if c.Kind == "header-write" {
			return c.write(func(s *data.Schema, v data.Value) ([]byte, bool, error) {
				return conv.FromConnectHeader(nil, "topic", "key", s, v)
			})
		}
		return c.read(func(b []byte) (*data.Schema, data.Value, error) { return conv.ToConnectHeader("topic", "key", b) })
	}
	return c.transform(reg)
}

func (c *javaCase) write(f func(*data.Schema, data.Value) ([]byte, bool, error)) string {
	s, ok, err := c.Schema.build()
	if err != nil || !ok {
		return fmt.Sprintf("the input's schema cannot be built: %v", err)
	}
	v, err := c.Value.build(s)
	if err != nil {
		return "the input's value cannot be built: " + err.Error()
	}
	got, ok, err := f(s, v)
	if err != nil {
		return c.failed(err)
	}
	if c.Error != nil {
		return fmt.Sprintf("wrote %q, Java fails", got)
	}
	if got = append([]byte{}, got...); !ok {
		got = nil
	}
	if !bytes.Equal(got, c.Result.Bytes) || (got == nil) != (c.Result.Bytes == nil) {
		return fmt.Sprintf("wrote %q, Java %q", got, c.Result.Bytes)
	}
	return ""
}

func (c *javaCase) read(f func([]byte) (*data.Schema, data.Value, error)) string {
	s, v, err := f(c.Bytes)
	if err != nil {
		return c.failed(err)
	}
	if c.Error != nil {
		return fmt.Sprintf("read %s %s, Java fails", s, v)
	}
	return sameData("", s, v, c.Result.Schema, c.Result.Value)
}

// failed compares the text of an error. What Java did not mean to throw has no text to compare.
func (c *javaCase) failed(err error) string {
	if c.Error == nil {
		return "failed: " + err.Error()
	}
	text := data.Cause(err).Error()
	for _, unmeant := range []string{"java.lang.", "java.util.", "com.fasterxml.", "java.time."} {
		if strings.HasPrefix(c.Error.Class, unmeant) {
			return ""
		}
	}
	if text != c.Error.Message && !strings.HasPrefix(text, c.Error.Message) {
		return fmt.Sprintf("failed with %q, Java with %q", text, c.Error.Message)
	}
	return ""
}

func sameData(what string, s *data.Schema, v data.Value, js *neutralSchema, jv *neutralValue) string {
	want, ok, err := js.build()
	if err != nil {
		return fmt.Sprintf("%sJava's schema cannot be built: %v", what, err)
	}
	if !ok {
		want = nil // ours has none where Java's says nothing of the elements
	}
	if !s.Equal(want) {
		return fmt.Sprintf("%sschema %s, Java %s", what, describe(s), describe(want))
	}
	jval, err := jv.build(want)
	if err != nil {
		return fmt.Sprintf("%sJava's value cannot be built: %v", what, err)
	}
	if !v.Equal(jval) {
		return fmt.Sprintf("%svalue %s %s, Java %s %s", what, v.Kind().JavaClass(), v, jval.Kind().JavaClass(), jval)
	}
	return ""
}

// describe prints what Schema.String leaves out.
func describe(s *data.Schema) string {
	if s == nil {
		return "null"
	}
	b, err := data.AppendSchema(nil, s)
	if err != nil {
		return err.Error()
	}
	var fields []string
	for _, f := range s.Fields() {
		fields = append(fields, f.Name+":"+describe(f.Schema))
	}
	v, has := s.Version()
	def, hasDef := s.Default()
	return fmt.Sprintf("%s(optional %v, version %v %d, default %v %s, params %v, %d bytes){%s}", s, s.Optional(), has, v, hasDef, def, s.Params(), len(b), strings.Join(fields, ", "))
}

func (r *neutralRecord) build() (*connect.Record, error) {
	out := &connect.Record{Topic: r.Topic}
	if r.Partition != nil {
		out.Partition = connect.Some(*r.Partition)
	}
	if r.Timestamp != nil {
		out.Timestamp = connect.Some(*r.Timestamp)
	}
	var err error
	if out.KeySchema, _, err = r.KeySchema.build(); err != nil {
		return nil, err
	}
	if out.Key, err = r.Key.build(out.KeySchema); err != nil {
		return nil, err
	}
	if out.ValueSchema, _, err = r.ValueSchema.build(); err != nil {
		return nil, err
	}
	if out.Value, err = r.Value.build(out.ValueSchema); err != nil {
		return nil, err
	}
	for _, h := range r.Headers {
		s, _, err := h.Schema.build()
		if err != nil {
			return nil, err
		}
		v, err := h.Value.build(s)
		if err != nil {
			return nil, err
		}
		out.Headers = append(out.Headers, connect.Header{Key: h.Key, Schema: s, Value: v})
	}
	return out, nil
}

func (c *javaCase) transform(reg *registry.Registry) string {
	e, ok := reg.Find(c.Class, registry.TransformationKind)
	if !ok {
		return "no such transformation"
	}
	r, err := c.Record.build()
	if err != nil {
		return "the record cannot be built: " + err.Error()
	}
	t := e.NewTransformation()
	if err := t.Configure(c.Config); err != nil {
		return c.failed(err)
	}
	keep, err := t.Apply(r)
	if err != nil {
		return c.failed(err)
	}
	switch {
	case c.Error != nil:
		return fmt.Sprintf("made %s of it, Java fails with %s: %s", r.Value, c.Error.Class, c.Error.Message)
	case !keep || c.Result.Record == nil:
		if keep != (c.Result.Record != nil) {
			return fmt.Sprintf("kept: %v, Java: %v", keep, !keep)
		}
		return ""
	}
	return sameRecord(r, c.Result.Record)
}

func sameRecord(r *connect.Record, j *neutralRecord) string {
	if r.Topic != j.Topic {
		return fmt.Sprintf("topic %s, Java %s", r.Topic, j.Topic)
	}
	if r.Timestamp.Set != (j.Timestamp != nil) || r.Timestamp.Set && r.Timestamp.V != *j.Timestamp || r.Partition.Set != (j.Partition != nil) || r.Partition.Set && r.Partition.V != *j.Partition {
		return fmt.Sprintf("timestamp %v, partition %v differ", r.Timestamp, r.Partition)
	}
	if d := sameData("key: ", r.KeySchema, r.Key, j.KeySchema, j.Key); d != "" {
		return d
	}
	if d := sameData("value: ", r.ValueSchema, r.Value, j.ValueSchema, j.Value); d != "" {
		return d
	}
	if len(r.Headers) != len(j.Headers) {
		return fmt.Sprintf("%d headers, Java %d", len(r.Headers), len(j.Headers))
	}
	for i, h := range j.Headers {
		if r.Headers[i].Key != h.Key {
			return fmt.Sprintf("header %s, Java %s", r.Headers[i].Key, h.Key)
		}
		if d := sameData("header "+h.Key+": ", r.Headers[i].Schema, r.Headers[i].Value, h.Schema, h.Value); d != "" {
			return d
		}
	}
	return ""
}

// deliberate names the entry of the list of deliberate differences that explains a difference; empty: none does.
func (c *javaCase) deliberate(diff string) string {
	for _, list := range [][]deliberateDifference{deliberateDifferences, debeziumDifferences, avroDifferences} {
		if i := slices.IndexFunc(list, func(d deliberateDifference) bool { return d.explains(c, diff) }); i >= 0 {
			return list[i].name
		}
	}
	return ""
}
