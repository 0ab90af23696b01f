//go:build !race

package harness

const raceDetector = "-race=false"
