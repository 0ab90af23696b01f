package main

import (
	"slices"
	"time"
)

// fault is something that goes wrong, or is mended, at a time.
type fault struct {
	at      time.Duration
	happens func(*world)
}

// kill ends a sidecar, as kill -9 does: its callee's work too. The router answers all
// of its calls; others notice by their links.
func (w *world) kill(s *sidecar) {
	s.alive = false
	w.dies(s)
	w.sessions = slices.DeleteFunc(w.sessions, func(other *sidecar) bool { return other == s })
	for _, c := range w.calls {
		if c.home == s && c.outcome == open {
			w.ends(c, lost)
		}
	}
	w.clock.at(w.clock.now+w.oneWay, func() {
		for _, other := range w.sidecars {
			if other.alive {
				w.lose(between(s, other))
				other.loses(s)
			}
		}
		w.chooseAll()
	})
}

// cutLink takes away the links between two, and gives them back after a while.
func (w *world) cutLink(a, b *sidecar, lasts time.Duration) {
	if !a.alive || !b.alive {
		return
	}
	on := between(a, b)
	w.cut[on] = true
	w.lose(on)
	a.loses(b)
	b.loses(a)
	w.chooseBoth(a, b)
	w.clock.at(w.clock.now+lasts, func() {
		delete(w.cut, on)
		w.chooseBoth(a, b)
	})
}

func (w *world) chooseBoth(a, b *sidecar) {
	for _, s := range []*sidecar{a, b} {
		if s.alive && w.cluster {
			s.choose()
		}
	}
}

// hang has the matchmaker hear nothing, which the others notice after a while.
func (w *world) hang(noticed time.Duration) {
	for _, s := range w.makers() {
		s.mute = true
		w.clock.at(w.clock.now+noticed, func() {
			s.hung = true
			w.chooseAll()
		})
	}
}

// makers returns who is the matchmaker, for anybody.
func (w *world) makers() (all []*sidecar) {
	for _, s := range w.sidecars {
		if s.alive && s.maker != nil && !slices.Contains(all, s.maker) {
			all = append(all, s.maker)
		}
	}
	return all
}

// split has each half see itself alone for a while.
func (w *world) split(lasts time.Duration) {
	for _, s := range w.sidecars {
		s.side = s.n % 2
	}
	w.chooseAll()
	w.clock.at(w.clock.now+lasts, func() {
		for _, s := range w.sidecars {
			s.side = 0
		}
		w.chooseAll()
	})
}

// storm is much of it, by chance: four links a second are cut for up to a second, now
// and then a sidecar is killed, and once nobody agrees on who is there.
func storm(lasts time.Duration) (faults []fault) {
	one := func(w *world) *sidecar { return w.sidecars[w.random.IntN(len(w.sidecars))] }
	add := func(from, every time.Duration, happens func(*world)) {
		for at := from; at < lasts; at += every {
			faults = append(faults, fault{at, happens})
		}
	}
	add(time.Second, time.Second/4, func(w *world) {
		if a, b := one(w), one(w); a != b {
			w.cutLink(a, b, time.Duration(w.random.Int64N(int64(time.Second))))
		}
	})
	add(2*time.Second, 4*time.Second, func(w *world) {
		if s := one(w); s.alive {
			w.kill(s)
		}
	})
	add(lasts/2, lasts, func(w *world) { w.split(2 * time.Second) })
	add(3*lasts/4, lasts, func(w *world) { w.hang(hangNoticed) })
	return faults
}
