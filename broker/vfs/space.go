package vfs

// Space is what a device has, in bytes; Free counts what this process may use.
type Space struct {
	Dir         string // the root of the file system, for messages
	Total, Free int64
}

// Device is implemented by file systems that know how much space they have.
type Device interface {
	// Space asks for the current numbers. An error wrapping errors.ErrUnsupported
	// means that they will never be known.
	Space() (Space, error)
}
