package main

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// largeMemory looks at the memory that wampool takes while many large calls are in
// flight: each is there once on its way to its callee, and once on its way back.
func (b *lab) largeMemory() ([]row, error) {
	const calls, payload, clients, work, look = 64, 1 << 20, "16", 200 * time.Millisecond, 50 * time.Millisecond
	r, sidecar, err := b.couple()
	if err != nil {
		return nil, err
	}
	pooled, err := b.calling(r.url, sidecar, "com.example.large", []string{"-n", clients, "-payload", strconv.Itoa(payload)}, "-n", clients, "-invoke", "roundrobin", "-work", work.String())
	if err != nil {
		return nil, err
	}
	most, over := int64(0), make(chan error, 1)
	go func() {
		_, _, err := measure(pooled.callers, fmt.Sprintf("run %s %d", b.round*time.Duration(b.rounds), calls), sidecar.process)
		over <- err
	}()
	for measured := false; !measured; {
		select {
		case err = <-over:
			measured = true
		case <-time.After(look):
			held, seen := sidecar.rss()
			if most = max(most, held); seen != nil {
				return nil, seen
			}
		}
	}
	if err != nil {
		return nil, err
	}
	b.end(append(slices.Clone(pooled.callers), sidecar.process, r.process)...)
	value := (float64(most) - 32<<20) / (calls * payload)
	return []row{{
		what: "64 calls of 1 MiB each way in flight: resident memory less 32 MiB ÷ 64 MiB", bar: 2.2, value: value,
		measured: fmt.Sprintf("%.2f (%d MiB in all)", value, most>>20),
	}}, nil
}

// idleSecure looks at the memory that sessions take which do nothing, and have TLS
// on both hops.
func (b *lab) idleSecure() ([]row, error) {
	const sessions = 9000
	certificate, err := b.certificate()
	if err != nil {
		return nil, err
	}
	r, err := b.listening("router", "-certificate", certificate)
	if err != nil {
		return nil, err
	}
	sidecar, relay, err := b.secure(r.url, certificate)
	if err != nil {
		return nil, err
	}
	b.end(relay.process)
	return b.idleBehind(r, sidecar, "9,000 idle TLS sessions: resident memory each, both sockets, KiB", 48, sessions, "-roots", certificate)
}

// idleSessions looks at the memory that sessions take which do nothing.
func (b *lab) idleSessions() ([]row, error) {
	r, sidecar, err := b.couple()
	if err != nil {
		return nil, err
	}
	return b.idleBehind(r, sidecar, "9,000 idle sessions: resident memory each, both sockets, KiB", 24, 9000)
}

// idleBehind opens sessions at a sidecar, and looks at what each of them costs it.
func (b *lab) idleBehind(r, sidecar *node, what string, bar float64, sessions int, flags ...string) ([]row, error) {
	before, err := sidecar.rss()
	if err != nil {
		return nil, err
	}
	idle, err := b.play("callers", append([]string{"-url", sidecar.url, "-procedure", "com.example.idle", "-n", strconv.Itoa(sessions)}, flags...)...)
	if err != nil {
		return nil, err
	}
	after, err := sidecar.rss()
	if err != nil {
		return nil, err
	}
	each := float64(after-before) / float64(sessions) / 1024
	b.end(idle, sidecar.process, r.process)
	return []row{{what: what, bar: bar, value: each, measured: fmt.Sprintf("%.1f (%d MiB in all)", each, after>>20)}}, nil
}
