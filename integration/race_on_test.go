//go:build race

package integration

const raceDetector = "-race=true"
