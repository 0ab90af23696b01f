//go:build !race

package admission_test

// isRace tells that the race detector is on: nothing here has a goroutine for it.
const isRace = false

// defaultSteps of the simulation.
const defaultSteps = 300_000
