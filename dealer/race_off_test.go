//go:build !race

package dealer_test

// defaultSteps of the simulation.
const defaultSteps = 1_000_000

// mostStates of a small world that is explored; 0: no bound.
const mostStates = 0
