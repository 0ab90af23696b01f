// Package figures writes numbers for people who look at a table.
package figures

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Count writes a number in at most five columns or so.
func Count(n float64) string {
	switch {
	case n >= 1e7:
		return fmt.Sprintf("%.0fM", n/1e6)
	case n >= 1e6:
		return fmt.Sprintf("%.1fM", n/1e6)
	case n >= 1e5:
		return fmt.Sprintf("%.0fk", n/1e3)
	case n >= 1e4:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", n/1e3), ".0") + "k"
	case n > 0 && n < 9.95 && n != float64(int(n)):
		return fmt.Sprintf("%.1f", n)
	}
	return fmt.Sprintf("%.0f", n)
}

// Seconds writes a time with a unit that suits it; "-" for none.
func Seconds(s *float64) string {
	if s == nil {
		return "-"
	}
	switch t := time.Duration(*s * float64(time.Second)); {
	case t <= 0:
		return "0"
	case t < time.Millisecond:
		return strconv.FormatInt(t.Microseconds(), 10) + "µs"
	case t < 100*time.Millisecond:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", *s*1e3), ".0") + "ms"
	case t < time.Second:
		return fmt.Sprintf("%.0fms", *s*1e3)
	case t < 100*time.Second:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", *s), ".0") + "s"
	case t < 100*time.Minute:
		return fmt.Sprintf("%.0fmin", t.Minutes())
	default:
		return fmt.Sprintf("%.0fh", t.Hours())
	}
}

// Of writes a part of a whole; a whole of 0 is one without a limit.
func Of(part, whole int) string {
	if whole == 0 {
		return Count(float64(part))
	}
	return Count(float64(part)) + "/" + Count(float64(whole))
}
