//go:build race

package admission_test

// defaultSteps are fewer under the race detector, which takes ten times as long.
const defaultSteps = 40_000
