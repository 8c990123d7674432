package schemaregistry

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Subjects live in contexts. The name of a subject in another context than the default one is ":.context:subject"; ids,
// references and subjects of one context know nothing of those of another. ":.context:" alone stands for the context in
// /config and /mode.

// defaultContext is where a subject without prefix lives.
const defaultContext = "."

// splitName returns the context and the name in it.
func splitName(subject string) (context, name string) {
	if rest, ok := strings.CutPrefix(subject, ":."); ok {
		if context, name, ok := strings.Cut(rest, ":"); ok {
			return "." + context, name
		}
	}
	return defaultContext, subject
}

// joinName is the other way round.
func joinName(context, name string) string {
	if context == defaultContext || context == "" {
		return name
	}
	return ":" + context + ":" + name
}

// plainName gives every subject one name: ":.:s" is "s".
func plainName(subject string) string { return joinName(splitName(subject)) }

// contextKey is the name under which a context has settings, "" for the default context, whose settings are the global
// ones.
func contextKey(context string) string { return joinName(context, "") }

// beside qualifies the name of a reference: without a context of its own it is in that of the schema that refers.
func beside(subject, reference string) string {
	if strings.HasPrefix(reference, ":.") {
		return plainName(reference)
	}
	context, _ := splitName(subject)
	return joinName(context, reference)
}

const maxNameLength = 4096

func validSubject(subject string) bool {
	_, name := splitName(subject)
	return name != "" && len(subject) <= maxNameLength && utf8.ValidString(subject) && !strings.ContainsFunc(subject, unicode.IsControl) &&
		name != "__GLOBAL" && name != "__EMPTY"
}
