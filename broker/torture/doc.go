// Package torture tries to break the broker's promises from the outside: it
// records what clients did and saw, kills, freezes, fills and starves the broker
// meanwhile, and then checks the history for what must not be in it.
//
// History is the recorder and Check the judge; they know nothing of how the
// faults are made. Everything else is tests. The fast ones run in memory; those
// with the build tag slow run the real process:
//
//	go test -tags slow ./broker/torture
//
// Long runs are made by the environment: ROUNDS (of kills), DURATION (of the
// soak) and SEED (of everything random; logged by each test).
package torture
