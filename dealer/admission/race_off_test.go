//go:build !race

package admission_test

// defaultSteps of the simulation.
const defaultSteps = 300_000
