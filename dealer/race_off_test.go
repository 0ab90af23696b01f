//go:build !race

package dealer_test

// defaultSteps of the simulation.
const defaultSteps = 1_000_000
