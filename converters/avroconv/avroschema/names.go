package avroschema

import (
	"fmt"
	"strings"
)

// validName checks a simple name by the rules of the specification; the texts are Java's.
func validName(name string) error {
	if name == "" {
		return fmt.Errorf("Empty name") // Java's text
	}
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		switch {
		case letter || i > 0 && c >= '0' && c <= '9':
		case i == 0:
			return fmt.Errorf("Illegal initial character: %s", name) // Java's text
		default:
			return fmt.Errorf("Illegal character in: %s", name) // Java's text
		}
	}
	return nil
}

func validSpace(space string) error {
	if space == "" {
		return nil
	}
	for part := range strings.SplitSeq(space, ".") {
		if err := validName(part); err != nil {
			return fmt.Errorf("namespace %s: %w", space, err)
		}
	}
	return nil
}
