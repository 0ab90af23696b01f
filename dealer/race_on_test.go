//go:build race

package dealer_test

// defaultSteps are fewer under the race detector, which takes ten times as long.
const defaultSteps = 150_000
