package transforms

import (
	"strings"

	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/converters/simpledate"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type timestampRouterSettings struct {
	Topic     string `config:"topic.format" default:"${topic}-${timestamp}" importance:"high" doc:"Format string which can contain <code>${topic}</code> and <code>${timestamp}</code> as placeholders for the topic and timestamp, respectively."`
	Timestamp string `config:"timestamp.format" default:"yyyyMMdd" importance:"high" doc:"Format string for the timestamp that is compatible with <code>java.text.SimpleDateFormat</code>."`
}

func timestampRouterDef() *config.Def {
	def := config.Of[timestampRouterSettings]()
	def.Keys[1].Check = func(v string) error {
		_, err := simpledate.Compile(v)
		return err
	}
	return def
}

// namesKept bounds how many new names are remembered.
const namesKept = 1024

type timestampRouter struct {
	timestampRouterSettings
	format *simpledate.Format
	buf    []byte
	last   routed
	known  *lru.Cache[routed, string]
	to     string // of last
}

type routed struct{ topic, when string }

// Configure refuses a bad pattern, where Java waits for the first record.
func (t *timestampRouter) Configure(props connect.Props) (err error) {
	if t.timestampRouterSettings, err = config.ParseWith[timestampRouterSettings](timestampRouterDef(), props); err != nil {
		return err
	}
	t.last, t.to, t.known = routed{}, "", lru.New[routed, string](namesKept)
	t.format, err = simpledate.Compile(t.Timestamp)
	return err
}

// Apply replaces every placeholder, the topic's first, so that a topic may bring one of its own.
func (t *timestampRouter) Apply(r *connect.Record) (bool, error) {
	if !r.Timestamp.Set {
		return true, data.Errorf("Timestamp missing on record: ConnectRecord{topic='%s', kafkaPartition=%s, key=%s} (have the source set timestamps, or put a transformation before that does)",
			r.Topic, partition(r), smt.Show(r.Key))
	}
	t.buf = t.format.Append(t.buf[:0], r.Timestamp.V)
	if r.Topic == t.last.topic && string(t.buf) == t.last.when {
		r.Topic = t.to
		return true, nil
	}
	key := routed{strings.Clone(r.Topic), string(t.buf)}
	to, ok := t.known.Get(key)
	if !ok {
		to = strings.ReplaceAll(t.Topic, "${topic}", key.topic)
		to = strings.ReplaceAll(to, "${timestamp}", key.when)
		t.known.Put(key, to)
	}
	t.last, t.to = key, to
	r.Topic = to
	return true, nil
}

func partition(r *connect.Record) string {
	if !r.Partition.Set {
		return "null"
	}
	return data.Int32Value(r.Partition.V).String()
}
