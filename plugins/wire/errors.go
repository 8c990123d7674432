package wire

import (
	"errors"
	"time"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// ErrorToPB keeps the kind of an error; nil stays nil.
func ErrorToPB(err error) *pluginpb.Error {
	if err == nil {
		return nil
	}
	out := &pluginpb.Error{Message: err.Error()}
	if e, ok := errors.AsType[*connect.BadRecordsError](err); ok {
		out.Kind = pluginpb.Error_BAD_RECORDS
		for _, r := range e.Records {
			out.Records = append(out.Records, &pluginpb.BadRecord{Index: int32(r.Index), Message: r.Err.Error()})
		}
		return out
	}
	if e, ok := errors.AsType[*connect.RetriableError](err); ok {
		out.Kind, out.RetryAfterMs = pluginpb.Error_RETRIABLE, e.After.Milliseconds()
		return out
	}
	if e, ok := errors.AsType[*connect.ConfigError](err); ok {
		out.Kind, out.Key, out.Fix, out.Message = pluginpb.Error_CONFIG, e.Key, e.Fix, e.Msg
		return out
	}
	if e, ok := errors.AsType[*config.Error](err); ok && len(e.Problems) == 1 {
		out.Kind, out.Key, out.Message = pluginpb.Error_CONFIG, e.Problems[0].Key, e.Problems[0].Msg
	}
	return out
}

// ErrorFromPB is the inverse of ErrorToPB; nil stays nil.
func ErrorFromPB(e *pluginpb.Error) error {
	if e == nil {
		return nil
	}
	switch e.Kind {
	case pluginpb.Error_RETRIABLE:
		return connect.Retriable(errors.New(e.Message), time.Duration(e.RetryAfterMs)*time.Millisecond)
	case pluginpb.Error_CONFIG:
		return connect.ConfigErr(e.Key, e.Message, e.Fix)
	case pluginpb.Error_BAD_RECORDS:
		if len(e.Records) > 0 {
			out := &connect.BadRecordsError{}
			for _, r := range e.Records {
				out.Records = append(out.Records, connect.RecordError{Index: int(r.Index), Err: errors.New(r.Message)})
			}
			return out
		}
	}
	return errors.New(e.Message)
}
