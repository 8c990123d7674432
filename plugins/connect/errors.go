package connect

import (
	"errors"
	"fmt"
	"time"
)

// A RetriableError says that the same call may succeed later (Java: RetriableException).
type RetriableError struct {
	Err   error
	After time.Duration // pause before the next try; zero: DefaultRetry
}

func (e *RetriableError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RetriableError) Unwrap() error { return e.Err }

// Retriable marks err as worth another try after a pause (zero: DefaultRetry).
func Retriable(err error, after time.Duration) error { return &RetriableError{err, after} }

// A ConfigError says which key is wrong and how to fix it (Java: ConfigException).
type ConfigError struct {
	Key, Msg string
	Fix      string // what to do; may be empty
}

func (e *ConfigError) Error() string {
	if e.Fix == "" {
		return fmt.Sprintf("%s: %s", e.Key, e.Msg)
	}
	return fmt.Sprintf("%s: %s (%s)", e.Key, e.Msg, e.Fix)
}

// ConfigErr makes a ConfigError.
func ConfigErr(key, msg, fix string) error { return &ConfigError{key, msg, fix} }

// A RecordError is what is wrong with the record at Index of a batch.
type RecordError struct {
	Index int
	Err   error
}

// A BadRecordsError names the records of a batch that can never be delivered; the others were. errors.tolerance decides what
// happens to them.
type BadRecordsError struct{ Records []RecordError }

func (e *BadRecordsError) Error() string {
	if len(e.Records) == 1 {
		return fmt.Sprintf("record %d of the batch: %v", e.Records[0].Index, e.Records[0].Err)
	}
	return fmt.Sprintf("%d records of the batch are bad, first %d: %v", len(e.Records), e.Records[0].Index, e.Records[0].Err)
}

// Unwrap returns the first cause.
func (e *BadRecordsError) Unwrap() error { return e.Records[0].Err }

// BadRecord reports one bad record.
func BadRecord(index int, err error) error {
	return &BadRecordsError{[]RecordError{{index, err}}}
}

// ErrPluginGone is in the chain of every error that comes from a plugin process having died or hung up. Who sees it may start the
// connector or task again.
var ErrPluginGone = errors.New("the plugin process is gone")
