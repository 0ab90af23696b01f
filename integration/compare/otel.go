package main

import (
	"fmt"
	"path/filepath"
)

// costOfSpans compares a pool whose calls OpenTelemetry is told of with one of which it
// hears nothing: of every call, and of one in a hundred. A collector takes them.
func (b *lab) costOfSpans() ([]row, error) {
	r, err := b.router("demo")
	if err != nil {
		return nil, err
	}
	collector, at, err := b.collector()
	if err != nil {
		return nil, err
	}
	used := []*process{collector}
	var sides []*side
	for _, sampled := range []string{"", "0.01", "1"} {
		realm := "realm \"realm1\" {\n}\n"
		if sampled != "" {
			realm += "trace {\n  context = \"kwargs.traceparent\"\n}\n"
		}
		sidecar, err := b.sidecarOf(r.url, realm, fmt.Sprintf("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:%d", at),
			"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG="+sampled)
		if err != nil {
			return nil, err
		}
		side, err := b.behind(r.url, sidecar, fmt.Sprintf("com.example.sampled%d", len(sides)), "-invoke", "roundrobin")
		if err != nil {
			return nil, err
		}
		sides, used = append(sides, side), append(used, sidecar.process)
	}
	var rows []row
	for _, inFlight := range []int{32, 1} {
		if err := b.takeTurns(inFlight, sides...); err != nil {
			return rows, err
		}
		what := fmt.Sprintf("pool behind the demo's router, 4 callees, %d in flight, CBOR 100 B: CPU ", inFlight)
		rows = append(rows,
			ratio(what+"with OpenTelemetry told of 1 % of the calls ÷ without", 0, sides[1].perCall, sides[0].perCall),
			ratio(what+"with OpenTelemetry told of all calls ÷ without", 0, sides[2].perCall, sides[0].perCall))
	}
	b.endSides(sides...)
	b.end(used...)
	return rows, nil
}

// collector starts an OpenTelemetry Collector that forgets what it gets, and returns
// where it takes OTLP over HTTP.
func (b *lab) collector() (p *process, port int, err error) {
	binary := filepath.Join(b.dir, "collector")
	if _, err := b.run("go", "build", "-C", "integration/collector", "-buildvcs=false", "-o", binary, "."); err != nil {
		return nil, 0, err
	}
	var ports [2]int
	for i := range ports {
		if ports[i], err = freePort(); err != nil {
			return nil, 0, err
		}
	}
	p, err = b.keep(func() (*process, error) {
		return start("collector", "/bin/sh", "-c", `exec "$0" "$@" > /dev/null`, binary, fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1]))
	})
	if err != nil {
		return nil, 0, err
	}
	return p, ports[1], p.waitPort(ports[1])
}
