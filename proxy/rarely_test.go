package proxy

import (
	"testing"
	"time"
)

func TestComplaint(t *testing.T) {
	var c complaint
	start := time.Now()
	for _, step := range []struct {
		cause   string
		after   time.Duration
		skipped int
		say     bool
	}{
		{"refused", 0, 0, true},
		{"refused", 4 * time.Second, 0, false},
		{"refused", 59 * time.Second, 0, false},
		{"refused", 61 * time.Second, 2, true},
		{"refused", 62 * time.Second, 0, false},
		{"no such realm", 63 * time.Second, 1, true},
		{"refused", 64 * time.Second, 0, true},
	} {
		if skipped, say := c.now(step.cause, start.Add(step.after)); skipped != step.skipped || say != step.say {
			t.Errorf("%q after %s: %d, %v, want %d, %v", step.cause, step.after, skipped, say, step.skipped, step.say)
		}
	}
}
