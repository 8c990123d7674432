package tolerance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Stage is a step of a record's road, as Kafka Connect names it in logs and dead letter headers.
type Stage string

// The stages.
const (
	TaskPoll        Stage = "TASK_POLL"
	TaskPut         Stage = "TASK_PUT"
	Transformation  Stage = "TRANSFORMATION"
	KeyConverter    Stage = "KEY_CONVERTER"
	ValueConverter  Stage = "VALUE_CONVERTER"
	HeaderConverter Stage = "HEADER_CONVERTER"
	KafkaProduce    Stage = "KAFKA_PRODUCE"
	KafkaConsume    Stage = "KAFKA_CONSUME"
)

// A StageError says at which stage, in which class, which record failed.
type StageError struct {
	Stage  Stage
	Class  string
	Record RecordInfo
	Err    error
}

func (e *StageError) Error() string {
	s := fmt.Sprintf("stage %s, class %s", e.Stage, e.Class)
	if where := e.Record.String(); where != "" {
		s += ", record " + where
	}
	return s + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *StageError) Unwrap() error { return e.Err }

// A RecordInfo is where to find a record: in a topic, or in the source system. What is unknown is left out.
type RecordInfo struct {
	Topic                         string
	Partition                     *int32
	Offset                        *int64
	SourcePartition, SourceOffset map[string]any
}

// String prints {topic='t', partition=0, offset=5} or the like.
func (r RecordInfo) String() string {
	var parts []string
	if r.Topic != "" {
		parts = append(parts, fmt.Sprintf("topic='%s'", r.Topic))
	}
	if r.Partition != nil {
		parts = append(parts, fmt.Sprintf("partition=%d", *r.Partition))
	}
	if r.Offset != nil {
		parts = append(parts, fmt.Sprintf("offset=%d", *r.Offset))
	}
	if r.SourcePartition != nil {
		parts = append(parts, "source partition="+position(r.SourcePartition))
	}
	if r.SourceOffset != nil {
		parts = append(parts, "source offset="+position(r.SourceOffset))
	}
	if parts == nil {
		return ""
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// mostOfPosition bounds what an error shows of a connector's own map.
const mostOfPosition = 200

func position(m map[string]any) string {
	parts := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s=%v", k, m[k]))
	}
	s := "{" + strings.Join(parts, ", ") + "}"
	if len(s) > mostOfPosition {
		s = strings.ToValidUTF8(s[:mostOfPosition], "") + "…}"
	}
	return s
}
