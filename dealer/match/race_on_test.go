//go:build race

package match_test

// isRace tells that the race detector is on: nothing here has a goroutine for it.
const isRace = true

// defaultSteps are fewer under the race detector, which takes ten times as long.
const defaultSteps = 50_000
