package validation

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/registry"
)

// The groups of framework keys, in the order in which a validation lists them.
const (
	commonGroup     = "Common"
	transformsGroup = "Transforms"
	predicatesGroup = "Predicates"
	errorsGroup     = "Error Handling"
)

type commonSettings struct {
	Name         string   `config:"name,required" importance:"high" group:"Common" width:"medium" label:"Connector name" doc:"Globally unique name to use for this connector."`
	Class        string   `config:"connector.class,required" importance:"high" group:"Common" width:"long" label:"Connector class" doc:"Name or alias of the class for this connector. Full class names, simple names and names without the suffix Connector are known."`
	TasksMax     int      `config:"tasks.max" default:"1" min:"1" importance:"high" group:"Common" width:"short" label:"Tasks max" doc:"Maximum number of tasks to use for this connector."`
	Enforce      bool     `config:"tasks.max.enforce" default:"true" importance:"low" group:"Common" width:"short" label:"Enforce tasks max" doc:"Whether a connector that generates more tasks than tasks.max fails."`
	Key          string   `config:"key.converter,class" importance:"low" group:"Common" width:"short" label:"Key converter class" doc:"Converter between Connect data and the bytes of record keys. The worker's by default; a connector that names one does not inherit the worker's key.converter.* settings."`
	Value        string   `config:"value.converter,class" importance:"low" group:"Common" width:"short" label:"Value converter class" doc:"Converter between Connect data and the bytes of record values. The worker's by default; a connector that names one does not inherit the worker's value.converter.* settings."`
	Header       string   `config:"header.converter,class" importance:"low" group:"Common" width:"short" label:"Header converter class" doc:"Converter between Connect data and the bytes of header values. The worker's by default."`
	Transforms   []string `config:"transforms" default:"" importance:"low" group:"Transforms" width:"long" label:"Transforms" doc:"Aliases for the transformations to be applied to records, in order."`
	Predicates   []string `config:"predicates" default:"" importance:"low" group:"Predicates" width:"long" label:"Predicates" doc:"Aliases for the predicates used by transformations."`
	Reload       string   `config:"config.action.reload" default:"restart" enum:"none|restart" importance:"low" group:"Common" width:"medium" label:"Reload Action" doc:"What to do when a value from a configuration provider changes: none or restart."`
	RetryTimeout int64    `config:"errors.retry.timeout" default:"0" importance:"medium" group:"Error Handling" width:"medium" label:"Retry Timeout for Errors" doc:"How long in milliseconds a failed operation is tried again; 0: never, -1: for ever."`
	RetryDelay   int64    `config:"errors.retry.delay.max.ms" default:"60000" importance:"medium" group:"Error Handling" width:"medium" label:"Maximum Delay Between Retries for Errors" doc:"Longest pause in milliseconds between tries."`
	Tolerance    string   `config:"errors.tolerance" default:"none" enum:"none|all" importance:"medium" group:"Error Handling" width:"short" label:"Error Tolerance" doc:"none: a record that cannot be handled fails the task; all: it is left out."`
	Log          bool     `config:"errors.log.enable" default:"false" importance:"medium" group:"Error Handling" width:"short" label:"Log Errors" doc:"Whether each failed operation is written to the log."`
	LogMessages  bool     `config:"errors.log.include.messages" default:"false" importance:"medium" group:"Error Handling" width:"short" label:"Log Error Details" doc:"Whether the log names the record that failed."`
}

type sourceSettings struct {
	commonSettings
	CreationGroups []string `config:"topic.creation.groups" default:"" importance:"low" group:"Topic Creation" width:"long" label:"Topic Creation Groups" doc:"Groups of configurations for topics created by source connectors, besides the group default."`
	ExactlyOnce    string   `config:"exactly.once.support" default:"requested" enum:"requested|required" fold:"true" importance:"medium" group:"Exactly Once Support" width:"short" label:"Exactly once support" doc:"required fails a connector that cannot deliver exactly once with its configuration."`
	Boundary       string   `config:"transaction.boundary" default:"poll" enum:"poll|interval|connector" fold:"true" importance:"medium" group:"Exactly Once Support" width:"short" label:"Transaction Boundary" doc:"Where transactions end when exactly-once is enabled: after each poll, in intervals, or where the connector says."`
	BoundaryMs     int64    `config:"transaction.boundary.interval.ms" min:"1" importance:"low" group:"Exactly Once Support" width:"short" label:"Transaction boundary interval" doc:"Interval in milliseconds for the transaction boundary interval; the offset flush interval by default."`
	OffsetsTopic   string   `config:"offsets.storage.topic" importance:"low" group:"offsets.topic" width:"long" label:"Custom offsets topic" doc:"A topic of its own for this connector's source offsets."`
}

type sinkSettings struct {
	commonSettings
	Topics     []string `config:"topics" default:"" importance:"high" group:"Common" width:"long" label:"Topics" doc:"Topics to consume, separated by commas."`
	Regex      string   `config:"topics.regex" default:"" importance:"high" group:"Common" width:"long" label:"Topics regex" doc:"Regular expression that whole names of topics to consume must match. Either this or topics must be given."`
	DLQ        string   `config:"errors.deadletterqueue.topic.name" default:"" importance:"medium" group:"Error Handling" width:"medium" label:"Dead Letter Queue Topic Name" doc:"Topic for records that could not be handled; empty: none."`
	DLQFactor  int16    `config:"errors.deadletterqueue.topic.replication.factor" default:"3" importance:"medium" group:"Error Handling" width:"medium" label:"Dead Letter Queue Topic Replication Factor" doc:"Replication factor with which that topic is created."`
	DLQHeaders bool     `config:"errors.deadletterqueue.context.headers.enable" default:"false" importance:"medium" group:"Error Handling" width:"medium" label:"Enable Error Context Headers" doc:"Whether records in that topic get headers that say what happened."`
}

// definitions are the framework's own. Like every Def they do not change once made.
type definitions struct {
	source, sink              *config.Def
	transformation, predicate *config.Def // below an alias
	topicGroup, defaultTopics *config.Def // below topic.creation.<group>.
}

func newDefinitions() definitions {
	d := definitions{
		source: config.Of[sourceSettings](), sink: config.Of[sinkSettings](),
		transformation: config.Of[transformKeys](), predicate: config.Of[predicateKeys](),
		topicGroup: config.Of[topicGroup](), defaultTopics: config.Of[defaultTopics](),
	}
	for _, def := range []*config.Def{d.source, d.sink} {
		check(def, "name", checkName)
		check(def, "transforms", uniqueAliases)
		check(def, "predicates", uniqueAliases)
	}
	check(d.source, "topic.creation.groups", uniqueAliases)
	check(d.sink, "topics.regex", func(text string) error {
		if _, err := regexp.Compile(text); err != nil {
			//lint:ignore ST1005 this is Kafka Connect's text
			return fmt.Errorf("Invalid regex: %w", err)
		}
		return nil
	})
	for _, def := range []*config.Def{d.topicGroup, d.defaultTopics} {
		check(def, "replication.factor", checkCount("Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default"))
		check(def, "partitions", checkCount("Number of partitions must be positive, or -1 to use the broker's default"))
	}
	check(d.topicGroup, "include", checkRegexes)
	check(d.topicGroup, "exclude", checkRegexes)
	return d
}

// of returns the framework's keys for a kind of connector.
func (d *definitions) of(k registry.Kind) *config.Def {
	if k == registry.SinkKind {
		return d.sink
	}
	return d.source
}

func check(d *config.Def, key string, f func(string) error) {
	k, ok := d.Key(key)
	if !ok {
		panic("validation: no key " + key)
	}
	k.Check = f
}

func checkName(name string) error {
	if name == "" {
		//lint:ignore ST1005 this is Kafka Connect's text
		return errors.New("String may not be empty")
	}
	var control []string
	for _, r := range name {
		if r < 0x20 || 0x7f <= r && r <= 0x9f {
			control = append(control, strconv.Itoa(int(r)))
		}
	}
	if control != nil {
		return errors.New("String may not contain control sequences but had the following ASCII chars: " + strings.Join(control, ", "))
	}
	return nil
}

func uniqueAliases(text string) error {
	list := config.SplitList(text)
	slices.Sort(list)
	if len(slices.Compact(slices.Clone(list))) != len(list) {
		//lint:ignore ST1005 this is Kafka Connect's text
		return errors.New("Duplicate alias provided.")
	}
	return nil
}

func checkRegexes(text string) error {
	for _, re := range config.SplitList(text) {
		if _, err := regexp.Compile(re); err != nil {
			//lint:ignore ST1005 this is Kafka Connect's text
			return fmt.Errorf("Syntax error in regular expression: %w", err)
		}
	}
	return nil
}

func checkCount(msg string) func(string) error {
	return func(text string) error {
		if n, _ := strconv.Atoi(text); n < 1 && n != -1 {
			return errors.New(msg)
		}
		return nil
	}
}
