package assign

import "slices"

// Eager is the assignor of the "default" (version 0) protocol: members sorted by id receive the sorted
// connectors round robin, and the sorted tasks continue where the connectors ended.
func Eager(members []string, configured Assignment) map[string]Assignment {
	out := make(map[string]Assignment, len(members))
	if len(members) == 0 {
		return out
	}
	ids := slices.Sorted(slices.Values(members))
	all := newSet(configured)
	next := 0
	for _, id := range ids {
		out[id] = Assignment{}
	}
	for _, c := range all.sortedConnectors() {
		a := out[ids[next%len(ids)]]
		a.Connectors = append(a.Connectors, c)
		out[ids[next%len(ids)]] = a
		next++
	}
	for _, t := range all.sortedTasks() {
		a := out[ids[next%len(ids)]]
		a.Tasks = append(a.Tasks, t)
		out[ids[next%len(ids)]] = a
		next++
	}
	return out
}
