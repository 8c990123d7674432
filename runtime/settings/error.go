package settings

import (
	"fmt"
	"strings"
)

// Problem is one setting that cannot be used.
type Problem struct {
	Key   string
	Value string // masked for secrets; empty when the key is missing
	Fix   string // what is wrong and what to write instead
}

func (p Problem) String() string {
	if p.Value == "" {
		return fmt.Sprintf("%s: %s", p.Key, p.Fix)
	}
	return fmt.Sprintf("%s=%s: %s", p.Key, p.Value, p.Fix)
}

// Error lists every problem of a worker file, in the order in which settings are documented.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	if len(e.Problems) == 1 {
		return "worker settings: " + e.Problems[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "worker settings: %d problems", len(e.Problems))
	for _, p := range e.Problems {
		b.WriteString("\n  ")
		b.WriteString(p.String())
	}
	return b.String()
}

// Masked replaces the value of a secret.
const Masked = "[hidden]"

// Secret reports whether a key of a worker or client configuration holds a secret, judged by the names that Kafka
// gives its PASSWORD settings and by the usual words for such things.
func Secret(key string) bool {
	k := strings.ToLower(key)
	for _, word := range []string{
		"password", "secret", "passwd", "jaas.config", "keystore.key", "credential", "token", "private.key", "basic.auth.user.info",
		"api.key", "access.key",
	} {
		if strings.Contains(k, word) {
			return true
		}
	}
	return false
}
