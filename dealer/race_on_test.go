//go:build race

package dealer_test

// defaultSteps are fewer under the race detector, which takes ten times as long.
const defaultSteps = 150_000

// mostStates of a small world that is explored under the race detector.
const mostStates = 3000
