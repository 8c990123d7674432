// Package assign decides which worker of a Connect cluster runs which connectors and tasks.
//
// It holds the two assignors of the Connect group protocol: [Eager], a stateless round robin, and
// [Cooperative], the incremental cooperative assignor of KIP-415 with the balanced revocation and the
// back-off between revoking rebalances that later versions added. Nothing here does I/O or reads a
// clock, so a leader's decisions can be replayed from a transcript.
package assign

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// TaskID names one task of a connector. It prints as "name-0", the form that Kafka Connect uses in
// logs, REST answers and internal topic keys.
type TaskID struct {
	Connector string
	Task      int
}

// String returns the connector name, a dash and the task number.
func (t TaskID) String() string { return t.Connector + "-" + strconv.Itoa(t.Task) }

// Compare orders task ids by connector name, then by task number.
func (t TaskID) Compare(o TaskID) int {
	return cmp.Or(cmp.Compare(t.Connector, o.Connector), cmp.Compare(t.Task, o.Task))
}

var errTaskID = errors.New("want <connector>-<number>")

// ParseTaskID is the inverse of [TaskID.String]. The number is what follows the last dash, so connector
// names may hold dashes themselves.
func ParseTaskID(s string) (TaskID, error) {
	i := strings.LastIndexByte(s, '-')
	if i <= 0 {
		return TaskID{}, fmt.Errorf("task id %q: %w", s, errTaskID)
	}
	n, err := strconv.ParseInt(s[i+1:], 10, 32)
	if err != nil || n < 0 || s[i+1] == '+' {
		return TaskID{}, fmt.Errorf("task id %q: %w", s, errTaskID)
	}
	return TaskID{Connector: s[:i], Task: int(n)}, nil
}

// Assignment is a set of connectors and tasks, held as lists without a promised order.
type Assignment struct {
	Connectors []string
	Tasks      []TaskID
}

// Empty reports whether the assignment holds neither connectors nor tasks.
func (a Assignment) Empty() bool { return len(a.Connectors) == 0 && len(a.Tasks) == 0 }

// Clone returns a deep copy.
func (a Assignment) Clone() Assignment {
	return Assignment{
		Connectors: append([]string(nil), a.Connectors...),
		Tasks:      append([]TaskID(nil), a.Tasks...),
	}
}

// Minus returns what a holds and b does not, in a's order.
func (a Assignment) Minus(b Assignment) Assignment {
	drop := newSet(b)
	var out Assignment
	for _, c := range a.Connectors {
		if !drop.connectors[c] {
			out.Connectors = append(out.Connectors, c)
		}
	}
	for _, t := range a.Tasks {
		if !drop.tasks[t] {
			out.Tasks = append(out.Tasks, t)
		}
	}
	return out
}

// Union returns a's items followed by those of b that a does not hold, each once.
func (a Assignment) Union(b Assignment) Assignment {
	var out Assignment
	seen := newSet(Assignment{})
	for _, from := range []Assignment{a, b} {
		for _, c := range from.Connectors {
			if !seen.connectors[c] {
				seen.connectors[c] = true
				out.Connectors = append(out.Connectors, c)
			}
		}
		for _, t := range from.Tasks {
			if !seen.tasks[t] {
				seen.tasks[t] = true
				out.Tasks = append(out.Tasks, t)
			}
		}
	}
	return out
}
