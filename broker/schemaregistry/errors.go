package schemaregistry

import (
	"fmt"
	"net/http"
)

// Error is an answer that is not what was asked for. Codes and, where they are known, texts are those of Confluent's
// registry; the first three digits of the code are the HTTP status unless Status says otherwise.
type Error struct {
	Code    int    `json:"error_code"`
	Message string `json:"message"`
	Status  int    `json:"-"`
}

func (e *Error) Error() string { return fmt.Sprintf("%s (%d)", e.Message, e.Code) }

func (e *Error) status() int {
	switch {
	case e.Status != 0:
		return e.Status
	case e.Code >= 10000:
		return e.Code / 100
	}
	return e.Code
}

func errorf(code int, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func errSubjectNotFound(subject string) *Error {
	return errorf(40401, "Subject '%s' not found.", subject)
}
func errVersionNotFound(n int) *Error { return errorf(40402, "Version %d not found.", n) }
func errSchemaNotFound() *Error       { return errorf(40403, "Schema not found") }
func errIDNotFound(id string) *Error  { return errorf(40403, "Schema %s not found", id) }

func errSubjectSoftDeleted(subject string) *Error {
	return errorf(40404, "Subject '%s' was soft deleted.Set permanent=true to delete permanently", subject)
}

func errSubjectNotSoftDeleted(subject string) *Error {
	return errorf(40405, "Subject '%s' was not deleted first before being permanently deleted", subject)
}

func errVersionSoftDeleted(subject string, n int) *Error {
	return errorf(40406, "Subject '%s' Version %d was soft deleted.Set permanent=true to delete permanently", subject, n)
}

func errVersionNotSoftDeleted(subject string, n int) *Error {
	return errorf(40407, "Subject '%s' Version %d was not deleted first before being permanently deleted", subject, n)
}

func errNoConfig(subject string) *Error {
	return errorf(40408, "Subject '%s' does not have subject-level compatibility configured", subject)
}

func errNoMode(subject string) *Error {
	return errorf(40409, "Subject '%s' does not have subject-level mode configured", subject)
}

func errInvalidSchema(format string, args ...any) *Error { return errorf(42201, format, args...) }

func errInvalidVersion(v string) *Error {
	return errorf(42202, `The specified version '%s' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`, v)
}

func errInvalidLevel() *Error {
	return errorf(42203, "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive")
}

func errInvalidMode() *Error {
	return errorf(42204, "Invalid mode. Valid values are READWRITE, READONLY, READONLY_OVERRIDE, IMPORT, and FORWARD")
}

func errNotPermitted(format string, args ...any) *Error { return errorf(42205, format, args...) }

func errReferenced(subject string, n int) *Error {
	return errorf(42206, "One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=%s,version=%d}.", subject, n)
}

func errInvalidSubject(subject string) *Error {
	return errorf(42208, "The specified subject '%s' is not a valid subject: it has 1 to %d bytes of UTF-8 without control characters", subject, maxNameLength)
}

func errTooLarge() *Error {
	return errorf(42209, "Schema is too large: a schema has at most %d bytes; split it with references", maxSchema)
}

func errStore(err error) *Error {
	return errorf(50001, "Error in the backend Kafka store: %v", err)
}

func errTimeout() *Error {
	return errorf(50002, "The write timed out: it may still take effect; ask again before you repeat it")
}

func errNotReady() *Error {
	return &Error{50004, "The registry is still reading its topic: try again in a moment", http.StatusServiceUnavailable}
}
