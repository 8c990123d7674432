package herder

// The errors below decide the HTTP status of an answer; any other error is a 500. Their texts are those of Kafka Connect.

// A NotFoundError is a 404.
type NotFoundError struct{ Msg string }

func (e *NotFoundError) Error() string { return e.Msg }

// A ConflictError is a 409.
type ConflictError struct{ Msg string }

func (e *ConflictError) Error() string { return e.Msg }

// A BadRequestError is a 400.
type BadRequestError struct{ Msg string }

func (e *BadRequestError) Error() string { return e.Msg }

// A ForbiddenError is a 403.
type ForbiddenError struct{ Msg string }

func (e *ForbiddenError) Error() string { return e.Msg }

// An UnavailableError is a 503.
type UnavailableError struct{ Msg string }

func (e *UnavailableError) Error() string { return e.Msg }

// A NotLeaderError says that the leader must do it. URL is its advertised address with a trailing slash; empty: none is known.
type NotLeaderError struct{ URL string }

func (e *NotLeaderError) Error() string {
	if e.URL == "" {
		return "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway."
	}
	return "Only the leader can do this; it is at " + e.URL
}

// A NotOwnerError says that the worker at URL must do it: it runs the connector or task. Only the leader knows owners.
type NotOwnerError struct{ URL string }

func (e *NotOwnerError) Error() string {
	return "This worker does not run it; its owner is at " + e.URL
}

// NotFound makes the error for an unknown connector.
func NotFound(name string) error { return &NotFoundError{"Connector " + name + " not found"} }

// StaleConfig is the answer while a rebalance is known to be due.
func StaleConfig() error {
	return &ConflictError{"Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)"}
}
