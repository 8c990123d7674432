//go:build !unix

package store

// syncDir does nothing: directories cannot be synced here, renames are journaled by the file system.
func syncDir(string) error { return nil }
