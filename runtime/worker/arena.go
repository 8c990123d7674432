package worker

// An arena holds the bytes of converted keys and values in large chunks, so that a record costs no allocation of its own. Chunks live as
// long as a record in them is under way.
type arena struct{ chunk []byte }

const (
	arenaChunk = 256 << 10
	arenaLeast = 2 << 10 // less room than that starts a new chunk
)

// room returns an empty slice to append to.
func (a *arena) room() []byte {
	if cap(a.chunk)-len(a.chunk) < arenaLeast {
		a.chunk = make([]byte, 0, arenaChunk)
	}
	return a.chunk[len(a.chunk):len(a.chunk):cap(a.chunk)]
}

// keep takes what was appended to room's slice; nil when ok is false. What has outgrown the chunk has memory of its own already.
func (a *arena) keep(b []byte, ok bool) []byte {
	if !ok {
		return nil
	}
	if n := len(a.chunk); len(b) > 0 && len(b) <= cap(a.chunk)-n && &b[0] == &a.chunk[: n+1 : cap(a.chunk)][n] {
		a.chunk = a.chunk[:n+len(b)]
		return b[:len(b):len(b)]
	}
	if len(b) == 0 {
		return []byte{} // not null, and no way into the chunk
	}
	return b
}
