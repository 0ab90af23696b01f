//go:build linux

package main

import (
	"container/heap"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"
)

// wire carries the packets of all hosts, over each link as its condition is.
type wire struct {
	mu     sync.Mutex
	links  map[link]*condition
	queues map[netip.Addr]*queue // of packets for a host
}

// link is one direction between two hosts.
type link struct{ from, to netip.Addr }

// condition is what a link does to packets. The zero condition is a good wire.
type condition struct {
	delay, jitter time.Duration
	loss, reorder float64 // chances, of 1; a reordered packet overtakes the others
	rate          int     // bytes a second; 0: as many as there are
	down          bool

	latest time.Time // when the last packet that kept its place is due
}

// flying is a packet on its way.
type flying struct {
	due    time.Time
	number uint64
	bytes  []byte
}

// queue holds the packets for one host, by when they are due.
type queue struct {
	mu      sync.Mutex
	packets packets
	number  uint64
	more    chan struct{}
}

type packets []flying

func (p packets) Len() int { return len(p) }
func (p packets) Less(i, j int) bool {
	if p[i].due.Equal(p[j].due) {
		return p[i].number < p[j].number
	}
	return p[i].due.Before(p[j].due)
}
func (p packets) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *packets) Push(x any)   { *p = append(*p, x.(flying)) }
func (p *packets) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}

const (
	mostBytes   = 1 << 16 // of a packet
	mostPackets = 8192    // on their way to one host; further ones are lost
)

// newWire connects hosts. Its goroutines end with the program.
func newWire(hosts ...*host) *wire {
	w := &wire{links: make(map[link]*condition), queues: make(map[netip.Addr]*queue)}
	for _, h := range hosts {
		w.queues[h.address] = &queue{more: make(chan struct{}, 1)}
	}
	for _, h := range hosts {
		go w.carry(h)
		go w.queues[h.address].deliver(h)
	}
	return w
}

// set gives each direction between two hosts a condition.
func (w *wire) set(a, b netip.Addr, there, back condition) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.links[link{a, b}], w.links[link{b, a}] = &there, &back
}

// carry takes what a host sends.
func (w *wire) carry(h *host) {
	buffer := make([]byte, mostBytes)
	for {
		n, err := h.tun.Read(buffer)
		if err != nil {
			return
		}
		const header, destination = 20, 16
		if n < header || buffer[0]>>4 != 4 {
			continue // not IPv4
		}
		to := netip.AddrFrom4([4]byte(buffer[destination:header]))
		q := w.queues[to]
		if q == nil {
			continue
		}
		if due, arrives := w.fate(link{h.address, to}, n); arrives {
			q.put(due, buffer[:n])
		}
	}
}

// fate tells when a packet of so many bytes arrives, and whether it does.
func (w *wire) fate(l link, size int) (due time.Time, arrives bool) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.links[l]
	switch {
	case c == nil:
		return now, true
	case c.down || rand.Float64() < c.loss:
		return now, false
	case rand.Float64() < c.reorder:
		return now, true
	}
	due = now.Add(c.delay)
	if c.jitter > 0 {
		due = due.Add(rand.N(c.jitter))
	}
	if due.Before(c.latest) {
		due = c.latest
	}
	if c.rate > 0 {
		due = due.Add(time.Duration(size) * time.Second / time.Duration(c.rate))
	}
	c.latest = due
	return due, true
}

func (q *queue) put(due time.Time, packet []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.packets) >= mostPackets {
		return
	}
	q.number++
	heap.Push(&q.packets, flying{due, q.number, append([]byte(nil), packet...)})
	if q.packets[0].number == q.number {
		select {
		case q.more <- struct{}{}:
		default:
		}
	}
}

// deliver gives the host its packets when they are due.
func (q *queue) deliver(h *host) {
	timer := time.NewTimer(0)
	for {
		packet, wait := q.next()
		if packet != nil {
			if _, err := h.tun.Write(packet); err != nil {
				return
			}
			continue
		}
		timer.Reset(wait)
		select {
		case <-q.more:
		case <-timer.C:
		}
	}
}

// next takes a packet that is due, or tells how long none will be.
func (q *queue) next() ([]byte, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.packets) == 0 {
		return nil, time.Hour
	}
	if wait := time.Until(q.packets[0].due); wait > 0 {
		return nil, wait
	}
	return heap.Pop(&q.packets).(flying).bytes, 0
}
