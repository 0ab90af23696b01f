//go:build !race

package match_test

// isRace tells that the race detector is on.
const isRace = false

const defaultSteps = 400_000
