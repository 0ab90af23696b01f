package bench

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Result is what came of some calls: Sent is Answered, all Errors and Lost
// together.
type Result struct {
	Sent           int64            `json:"sent"`
	Answered       int64            `json:"answered"`       // by RESULT
	Errors         map[string]int64 `json:"errors"`         // by URI
	Lost           int64            `json:"lost,omitempty"` // their connection ended before an answer came
	Seconds        float64          `json:"seconds"`
	CallsPerSecond float64          `json:"calls_per_second"` // answered
	Latency        Latency          `json:"latency_ms"`
	Callees        *CalleeStats     `json:"callees,omitempty"`

	latency *hdrhistogram.Histogram // microseconds
}

// Latency is how long answered calls took, in milliseconds.
type Latency struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99_9"`
	Max  float64 `json:"max"`
}

func newResult() *Result {
	return &Result{Errors: make(map[string]int64), latency: hdrhistogram.New(1, longestMicros, digits)}
}

// took fills in what follows from the books and the time that passed.
func (r *Result) took(passed time.Duration) {
	r.Answered = r.latency.TotalCount()
	r.Seconds = passed.Seconds()
	r.CallsPerSecond = float64(r.Answered) / r.Seconds
	millis := func(percentile float64) float64 { return float64(r.latency.ValueAtPercentile(percentile)) / 1000 }
	r.Latency = Latency{millis(50), millis(90), millis(99), millis(99.9), float64(r.latency.Max()) / 1000}
}

// Refused returns the number of calls that were answered by ERROR.
func (r *Result) Refused() (n int64) {
	for _, count := range r.Errors {
		n += count
	}
	return n
}

// Write writes the result for people.
func (r *Result) Write(w io.Writer) error {
	lost := ""
	if r.Lost > 0 {
		lost = fmt.Sprintf(" + %d lost", r.Lost)
	}
	text := fmt.Sprintf("%d calls sent = %d answered + %d errors%s, in %.1f s\n", r.Sent, r.Answered, r.Refused(), lost, r.Seconds)
	text += fmt.Sprintf("%.0f calls/s answered\n", r.CallsPerSecond)
	if r.Answered > 0 {
		l := r.Latency
		text += fmt.Sprintf("latency in ms: p50 %.3f, p90 %.3f, p99 %.3f, p99.9 %.3f, max %.3f\n", l.P50, l.P90, l.P99, l.P999, l.Max)
	}
	for _, uri := range slices.Sorted(maps.Keys(r.Errors)) {
		text += fmt.Sprintf("%d × %s\n", r.Errors[uri], uri)
	}
	if c := r.Callees; c != nil {
		text += fmt.Sprintf("callees: %d calls", c.Calls)
		if c.PeakInFlight > 0 {
			text += fmt.Sprintf(", at most %d in flight at one, mean work %s", c.PeakInFlight, c.MeanWork.Round(10*time.Microsecond))
		}
		text += "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}
