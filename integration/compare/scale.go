package main

import (
	"fmt"
	"strconv"
	"time"
)

// manyCallees compares a pool of 9,000 with one of 10. One call is in flight, so
// that in neither two of them share a system call.
func (b *lab) manyCallees() ([]row, error) {
	sides := make([]*side, 2)
	var used []*process
	for i, n := range []int{9000, 10} {
		r, sidecar, err := b.couple()
		if err != nil {
			return nil, err
		}
		sides[i], err = b.behind(r.url, sidecar, "com.example.many", "-invoke", "roundrobin", "-n", strconv.Itoa(n))
		if err != nil {
			return nil, err
		}
		used = append(append(used, sides[i].callers...), sidecar.process, r.process)
	}
	if err := b.takeTurns(1, sides...); err != nil {
		return nil, err
	}
	b.end(used...)
	return []row{ratio("9,000 callees in one pool ÷ 10, 1 in flight: CPU", 1.2, sides[0].perCall, sides[1].perCall)}, nil
}

// soak sends calls for long, and looks at the memory.
func (b *lab) soak() ([]row, error) {
	r, err := b.router("demo")
	if err != nil {
		return nil, err
	}
	sidecar, err := b.sidecar(r.url, `pool "com.example.soak" {
    policy      = "least"
    concurrency = 32
    queue {}
  }`)
	if err != nil {
		return nil, err
	}
	used := []*process{sidecar.process}
	for _, serializer := range []string{"cbor", "json", "msgpack"} {
		p, err := b.play("callees", "-url", sidecar.url, "-procedure", "com.example.soak", "-n", "2", "-serializer", serializer)
		if err != nil {
			return nil, err
		}
		used = append(used, p)
	}
	callers, err := b.play("callers", "-url", r.url, "-procedure", "com.example.soak", "-n", "8")
	if err != nil {
		return nil, err
	}
	var calls, first, last, peak int64
	began := time.Now()
	for calls < int64(b.calls) {
		result, _, err := measure([]*process{callers}, "run 2s 256", sidecar.process)
		if err != nil {
			return nil, err
		}
		if len(result.Errors) > 0 {
			return nil, fmt.Errorf("errors: %v", result.Errors)
		}
		calls += result.Answered
		if last, err = sidecar.rss(); err != nil {
			return nil, err
		}
		if peak = max(peak, last); first == 0 && calls >= int64(b.calls/10) {
			first = last
		}
	}
	value := float64(last) / float64(first)
	b.end(append(used, callers)...)
	return []row{{
		what: fmt.Sprintf("%d million calls: resident memory at the end ÷ after a tenth", b.calls/1_000_000), bar: 1.1, value: value,
		measured: fmt.Sprintf("%.2f (%.1f MiB ÷ %.1f MiB; %d calls in %s)", value, float64(last)/(1<<20), float64(first)/(1<<20), calls, time.Since(began).Round(time.Second)),
	}}, nil
}

// couple starts a router of its own, and wampool before it.
func (b *lab) couple() (r, sidecar *node, err error) {
	if r, err = b.startRouter(); err != nil {
		return nil, nil, err
	}
	sidecar, err = b.sidecar(r.url, "")
	return r, sidecar, err
}
