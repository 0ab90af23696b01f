package main

import "fmt"

// cores compares what calls cost on two processors with what they cost on one: the
// calls that wampool answers in a second of its processor time, since callers and
// callees need some of the same processors.
func (b *lab) cores() ([]row, error) {
	r, err := b.router("demo")
	if err != nil {
		return nil, err
	}
	sides := make([]*side, 2)
	for i := range sides {
		procedure, realms := fmt.Sprintf("com.example.on%d", i+1), ""
		for _, name := range []string{realm, otherRealm} {
			realms += fmt.Sprintf("realm %q {\n"+directPool+"\n}\n", name, procedure)
		}
		sidecar, err := b.sidecarOf(r.url, realms, fmt.Sprintf("GOMAXPROCS=%d", i+1))
		if err != nil {
			return nil, err
		}
		sides[i] = &side{of: sidecar.process}
		for _, name := range []string{realm, otherRealm} {
			one, err := b.calling(sidecar.url, sidecar, procedure, []string{"-realm", name}, "-realm", name)
			if err != nil {
				return nil, err
			}
			sides[i].callers = append(sides[i].callers, one.callers...)
		}
	}
	if err := b.takeTurns(64, sides...); err != nil {
		return nil, err
	}
	one, two := sides[0], sides[1]
	b.endSides(one, two)
	b.end(one.of, two.of)
	each := quotients(one.perCall, two.perCall)
	return []row{{
		what: "direct calls, two realms, 4 × 4 in each, 64 in flight in each, CBOR 100 B: calls for each CPU second, GOMAXPROCS=2 ÷ 1",
		bar:  0.9, atLeast: true, value: median(each),
		measured: fmt.Sprintf("%.3g, %s (%.1f µs ÷ %.1f µs for a call on 1 and 2; %.0f and %.0f calls/s)",
			median(each), spread(each), median(one.perCall), median(two.perCall), median(one.rate), median(two.rate)),
	}}, nil
}
