package server

// Need is what an API declares, for the tests.
type Need struct {
	Name   string
	Max    int16
	Checks []Check
}

// Check is one declared question to the authorizer and the code that refuses.
type Check struct {
	Op, Kind int8
	Code     int16
}

// Needs lists the table of APIs by key.
func Needs() map[int16]Need {
	out := map[int16]Need{}
	for key, a := range apis() {
		n := Need{Name: a.name, Max: a.max}
		for _, c := range a.needs {
			n.Checks = append(n.Checks, Check{int8(c.op), int8(c.kind), denied(c)})
		}
		out[key] = n
	}
	return out
}
