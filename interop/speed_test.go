//go:build interop

package interop

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/kurier-io/kurier/converters/avroconv"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
)

// leastRatio is how many times Java's rows by second of CPU time ours should be.
const leastRatio = 5

const (
	speedTopic   = "bench"
	speedWindow  = 120 * time.Millisecond
	speedWindows = 2
	speedBatch   = 100
	// held stands for what a worker under load holds, as in runtime/bench/conversion.
	held = 32 << 20
)

// A speedStep is a transformation of the chain that is measured.
type speedStep struct {
	Class  string            `json:"class"`
	Config map[string]string `json:"config"`
}

// speedChain is the chain of runtime/bench/conversion for rows that have these columns.
func speedChain(id, time, renames, exclude string) []speedStep {
	const pkg = "org.apache.kafka.connect.transforms."
	return []speedStep{
		{pkg + "ReplaceField$Value", map[string]string{"exclude": exclude, "renames": renames}},
		{pkg + "InsertField$Value", map[string]string{"topic.field": "topic", "timestamp.field": "ts", "static.field": "src", "static.value": "x"}},
		{pkg + "TimestampConverter$Value", map[string]string{"field": time, "target.type": "string", "format": "yyyy-MM-dd HH:mm:ss"}},
		{pkg + "ValueToKey", map[string]string{"fields": id}},
		{pkg + "RegexRouter", map[string]string{"regex": "(.*)", "replacement": "prefix-$1"}},
	}
}

var speedChains = map[string][]speedStep{
	"narrow": speedChain("id", "ts", "name:label", "note"),
	"usual":  speedChain("id", "created", "city:town,name:label", "note"),
	"wide":   speedChain("id_0", "created_0", "city_9:town", "note_9"),
}

// A speedJob does the work for one row and returns the bytes that it made, if it made bytes.
type speedJob func() ([]byte, error)

// TestSpeedAgainstJava measures converters and transformations of both sides on one thread and prints the ratio. Only wrong bytes fail it, never
// time.
func TestSpeedAgainstJava(t *testing.T) {
	c := javaClient("Connect speed")
	plan := filepath.Join(t.TempDir(), "plan")
	text, err := json.Marshal(speedChains)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(plan, text, 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	out := runProcess(t, 3*time.Minute, "", tuned(java(t, c, "interop.bench.Bench", plan))).ok(t)
	javas := time.Since(began)
	jobs := speedJobs(t)
	ballast := make([]byte, held)
	defer runtime.KeepAlive(ballast)
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "ROWS BY SECOND OF CPU\tJAVA\tKURIER\tRATIO\tAIM\t\n")
	compared := 0
	c.check(t, "makes the same bytes", func(t *testing.T) {
		for line := range strings.Lines(out.stdout) {
			name, rest, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
			rate, made, _ := strings.Cut(rest, "\t")
			java, err := strconv.ParseFloat(rate, 64)
			job := jobs[name]
			if err != nil || job == nil {
				t.Fatalf("not a measurement of ours: %v %s", err, line)
			}
			ours, err := job.measure(made)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			aim := "met"
			if ours < leastRatio*java {
				aim = "NO"
			}
			compared++
			fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%.1f\t%s\t\n", name, java, ours, ours/java, aim)
		}
		if compared != len(jobs) {
			t.Errorf("%d of %d jobs were compared", compared, len(jobs))
		}
	})
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%saim: %dx; Java took %s, ours %s\n", &table, leastRatio, javas.Round(time.Second), (time.Since(began) - javas).Round(time.Second))
}

// tuned replaces what makes Java start quickly by what Kafka's scripts run Connect with.
func tuned(cmd *exec.Cmd) *exec.Cmd {
	flags := []string{"java", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent", "-Xms256m", "-Xmx2g",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=off"}
	cmd.Args = slices.Concat(flags, cmd.Args[slices.Index(cmd.Args, "-cp"):])
	return cmd
}

// measure checks what a job makes against Java's bytes, and returns its rows by second of CPU time of the whole process: the best window counts.
func (j speedJob) measure(want string) (float64, error) {
	got, err := j()
	if err != nil {
		return 0, err
	}
	if made := base64.StdEncoding.EncodeToString(got); made != want {
		return 0, fmt.Errorf("made %q, Java %s", got, want)
	}
	best := 0.0
	for i := range speedWindows + 1 { // the first is to warm up
		runtime.GC()
		rows, before, end := 0, processCPU(), time.Now().Add(speedWindow)
		for time.Now().Before(end) {
			for range speedBatch {
				if _, err := j(); err != nil {
					return 0, err
				}
			}
			rows += speedBatch
		}
		if rate := float64(rows) / (processCPU() - before).Seconds(); i > 0 {
			best = max(best, rate)
		}
	}
	return best, nil
}

// processCPU is the CPU time of all threads, those of the collector too.
func processCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func speedJobs(t *testing.T) map[string]speedJob {
	t.Helper()
	const json = "org.apache.kafka.connect.json.JsonConverter"
	reg := caseRegistry(t)
	jobs := map[string]speedJob{}
	for shape, row := range speedRows() {
		schemas := newAvroRegistry(t) // each, so that its schema has the id 1 as in Java
		avro := avroconv.Register(schemas.pool)[0].NewConverter()
		for name, f := range map[string]struct {
			conv  connect.Converter
			props connect.Props
		}{
			", JSON":             {speedConverter(t, reg, json), connect.Props{"schemas.enable": "false"}},
			", JSON with schema": {speedConverter(t, reg, json), connect.Props{"schemas.enable": "true"}},
			", Avro":             {avro, connect.Props{"schema.registry.url": schemas.server.URL}},
			", String":           {speedConverter(t, reg, "org.apache.kafka.connect.storage.StringConverter"), nil},
		} {
			conv := f.conv
			if err := conv.Configure(f.props, false); err != nil {
				t.Fatal(err)
			}
			var buf []byte
			write := func() (_ []byte, err error) {
				buf, _, err = conv.FromConnectData(buf[:0], speedTopic, row.Schema(), data.StructValue(row))
				return buf, err
			}
			jobs[shape+name+", write"] = write
			if name == ", String" {
				continue // it reads strings, not rows
			}
			in, err := write()
			if err != nil {
				t.Fatal(err)
			}
			in = bytes.Clone(in)
			jobs[shape+name+", read"] = func() ([]byte, error) {
				_, _, err := conv.ToConnectData(speedTopic, in)
				return nil, err
			}
		}
		for n, name := range map[int]string{1: "transform", 5: "transforms"} {
			jobs[fmt.Sprintf("%s, JSON after %d %s, write", shape, n, name)] = chained(t, reg, row, speedChains[shape][:n])
		}
	}
	return jobs
}

func speedConverter(t *testing.T, reg *registry.Registry, class string) connect.Converter {
	t.Helper()
	e, ok := reg.Find(class, registry.ConverterKind)
	if !ok {
		t.Fatal(class)
	}
	return e.NewConverter()
}

// chained is a chain of transformations, then JSON.
func chained(t *testing.T, reg *registry.Registry, row *data.Struct, steps []speedStep) speedJob {
	t.Helper()
	conv := speedConverter(t, reg, "org.apache.kafka.connect.json.JsonConverter")
	if err := conv.Configure(connect.Props{"schemas.enable": "false"}, false); err != nil {
		t.Fatal(err)
	}
	var chain []connect.Transformation
	for _, s := range steps {
		e, ok := reg.Find(s.Class, registry.TransformationKind)
		if !ok {
			t.Fatal(s.Class)
		}
		tr := e.NewTransformation()
		if err := tr.Configure(maps.Clone(s.Config)); err != nil {
			t.Fatal(err)
		}
		chain = append(chain, tr)
	}
	var buf []byte
	var r connect.Record // one for all, as in a worker's lane
	return func() (_ []byte, err error) {
		r = connect.Record{Topic: speedTopic, ValueSchema: row.Schema(), Value: data.StructValue(row), Timestamp: connect.Some(int64(1566570894346))}
		for _, tr := range chain {
			if _, err := tr.Apply(&r); err != nil {
				return nil, err
			}
		}
		buf, _, err = conv.FromConnectData(buf[:0], r.Topic, r.ValueSchema, r.Value)
		return buf, err
	}
}

// speedRows are those of interop.bench.Rows.
func speedRows() map[string]*data.Struct {
	narrow := data.StructOf().Name("srv.public.tags.Value").Field("id", data.Of(data.Int64).MustBuild()).Field("name", data.Of(data.String).Optional().MustBuild()).
		Field("n", data.Of(data.Int32).MustBuild()).MustBuild()
	usual, wide := data.StructOf().Name("srv.public.orders.Value"), data.StructOf().Name("srv.public.measures.Value")
	speedFields(usual, "")
	var columns []data.Value
	for i := range 10 {
		speedFields(wide, fmt.Sprintf("_%d", i))
		columns = append(columns, speedRow()...)
	}
	return map[string]*data.Struct{
		"narrow": data.StructOn(narrow, []data.Value{data.Int64Value(123456789), data.StringValue("Ada Lovelace"), data.Int32Value(4711)}),
		"usual":  data.StructOn(usual.MustBuild(), speedRow()),
		"wide":   data.StructOn(wide.MustBuild(), columns),
	}
}

func speedFields(b *data.Builder, suffix string) {
	opt := func(t data.Type) *data.Schema { return data.Of(t).Optional().MustBuild() }
	b.Field("id"+suffix, data.Of(data.Int64).MustBuild()).Field("name"+suffix, opt(data.String)).Field("email"+suffix, opt(data.String)).Field("age"+suffix, opt(data.Int32)).
		Field("active"+suffix, data.Of(data.Boolean).MustBuild()).Field("score"+suffix, opt(data.Float64)).Field("city"+suffix, opt(data.String)).
		Field("visits"+suffix, data.Of(data.Int32).MustBuild()).Field("created"+suffix, data.TimestampOf().MustBuild()).Field("updated"+suffix, data.TimestampOf().Optional().MustBuild()).
		Field("status"+suffix, data.Of(data.String).MustBuild()).Field("note"+suffix, opt(data.String))
}

func speedRow() []data.Value {
	return []data.Value{
		data.Int64Value(123456789), data.StringValue("Ada Lovelace"), data.StringValue("ada@example.com"), data.Int32Value(36), data.BoolValue(true), data.Float64Value(97.25),
		data.StringValue("London"), data.Int32Value(4711), data.TimestampValue(1566570894346), data.TimestampValue(1566570999999), data.StringValue("shipped"), {},
	}
}
