package main

import (
	"fmt"
	"time"

	"github.com/wampool/wampool/cmd/wampool/bench"
)

// side is one of the things compared: callers with what stands behind them.
type side struct {
	callers []*process // that call at the same time
	of      *process   // whose processor time counts

	perCall []float64 // microseconds of it
	kernel  []float64 // share of it that the kernel has had
	latency []bench.Latency
	rate    []float64 // calls answered a second
}

// turn takes one measurement.
func (s *side) turn(command string) error {
	result, spent, err := measure(s.callers, command, s.of)
	if err != nil {
		return err
	}
	if len(result.Errors) > 0 || result.Answered == 0 {
		return fmt.Errorf("%d calls answered, errors %v", result.Answered, result.Errors)
	}
	s.perCall = append(s.perCall, float64(spent[0].all.Nanoseconds())/1000/float64(result.Answered))
	s.kernel = append(s.kernel, spent[0].kernel.Seconds()/(spent[0].kernel+spent[0].user).Seconds())
	s.latency = append(s.latency, result.Latency)
	s.rate = append(s.rate, float64(result.Answered)/result.Seconds)
	return nil
}

func (s *side) forget() { s.perCall, s.kernel, s.latency, s.rate = nil, nil, nil, nil }

// takeTurns lets the sides take turns, with so many calls in flight each.
func (b *lab) takeTurns(inFlight int, sides ...*side) error {
	return b.turns(func(length time.Duration) string { return fmt.Sprintf("run %s %d", length, inFlight) }, sides...)
}

// turns lets the sides take turns at a command, after one to warm up. What they
// measured before is forgotten.
func (b *lab) turns(command func(length time.Duration) string, sides ...*side) error {
	for round := range b.rounds + 1 {
		length := b.round
		if round == 0 {
			length = time.Second
		}
		for _, s := range sides {
			if err := s.turn(command(length)); err != nil {
				return err
			}
			if round == 0 {
				s.forget()
			}
		}
	}
	return nil
}

// endSides ends callers.
func (b *lab) endSides(sides ...*side) {
	for _, s := range sides {
		b.end(s.callers...)
	}
}

// ratio is the row of microseconds a call, of ours and of theirs. Without a bar it
// is printed.
func ratio(what string, bar float64, ours, theirs []float64) row {
	each := quotients(ours, theirs)
	return row{
		what: what, bar: bar, value: median(each), printed: bar == 0,
		measured: fmt.Sprintf("%.3g, %s (%.1f µs ÷ %.1f µs)", median(each), spread(each), median(ours), median(theirs)),
	}
}

// compared is a row without a bar of two sides' figures in some unit.
func compared(what string, a, b []float64, unit string) row {
	each := quotients(a, b)
	return row{
		what: what, printed: true,
		measured: fmt.Sprintf("%.2g, %s (%.0f%s ÷ %.0f%s)", median(each), spread(each), median(a), unit, median(b), unit),
	}
}

// quotients are those of each round.
func quotients(a, b []float64) []float64 {
	each := make([]float64, len(a))
	for i := range a {
		each[i] = a[i] / b[i]
	}
	return each
}

// quantile of one round's latencies, in microseconds.
type quantile func(bench.Latency) float64

func p50(l bench.Latency) float64  { return 1000 * l.P50 }
func p99(l bench.Latency) float64  { return 1000 * l.P99 }
func p999(l bench.Latency) float64 { return 1000 * l.P999 }

// micros are a side's latencies, round by round.
func (s *side) micros(of quantile) []float64 {
	each := make([]float64, len(s.latency))
	for i, l := range s.latency {
		each[i] = of(l)
	}
	return each
}

// added is the row of what latency ours and theirs add to that without either of
// them, taken from the rounds by typical. A difference below a microsecond is none.
func added(what string, bar float64, of quantile, typical func([]float64) float64, ours, theirs, without *side) row {
	base := typical(without.micros(of))
	of1, of2 := max(1, typical(ours.micros(of))-base), max(1, typical(theirs.micros(of))-base)
	return row{
		what: what, bar: bar, value: of1 / of2,
		measured: fmt.Sprintf("%.2f (%.0f µs ÷ %.0f µs; of %s and %s, without %s)", of1/of2, of1, of2,
			spread(ours.micros(of)), spread(theirs.micros(of)), spread(without.micros(of))),
	}
}
