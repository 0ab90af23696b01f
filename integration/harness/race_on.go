//go:build race

package harness

const raceDetector = "-race=true"
