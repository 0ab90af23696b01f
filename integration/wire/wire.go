package wire

import (
	"container/heap"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"
)

// Wire carries the packets of all hosts, over each link as its condition is.
type Wire struct {
	mu     sync.Mutex
	links  map[link]*Condition
	sent   map[link]*Sent
	queues map[netip.Addr]*queue // of packets for a host
}

// link is one direction between two hosts.
type link struct{ from, to netip.Addr }

// Condition is what a link does to packets. The zero Condition is a good wire.
type Condition struct {
	Delay, Jitter time.Duration
	Loss, Reorder float64 // chances, of 1; a reordered packet overtakes the others
	Rate          int     // bytes a second; 0: as many as there are
	Down          bool

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

// New connects hosts. What carries the packets of a host ends when it is closed.
func New(hosts ...*Host) *Wire {
	w := &Wire{links: make(map[link]*Condition), sent: make(map[link]*Sent), queues: make(map[netip.Addr]*queue)}
	for _, h := range hosts {
		w.queues[h.Address] = &queue{more: make(chan struct{}, 1)}
	}
	for _, h := range hosts {
		go w.carry(h)
		go w.queues[h.Address].deliver(h)
	}
	return w
}

// Set gives each direction between two hosts a condition.
func (w *Wire) Set(a, b netip.Addr, there, back Condition) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.links[link{a, b}], w.links[link{b, a}] = &there, &back
}

// Sent is what went over a link one way, with the headers of IP.
type Sent struct{ TCP, UDP, Packets int } // bytes, bytes

// Sent returns what went from one host to another so far, what was lost on the way included.
func (w *Wire) Sent(from, to netip.Addr) Sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.sent[link{from, to}]; s != nil {
		return *s
	}
	return Sent{}
}

// count adds a packet of that protocol of IP.
func (w *Wire) count(l link, protocol byte, size int) {
	const udp = 17
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.sent[l]
	if s == nil {
		s = &Sent{}
		w.sent[l] = s
	}
	s.Packets++
	if protocol == udp {
		s.UDP += size
	} else {
		s.TCP += size
	}
}

// carry takes what a host sends.
func (w *Wire) carry(h *Host) {
	buffer := make([]byte, mostBytes)
	for {
		n, err := h.tun.Read(buffer)
		if err != nil {
			return
		}
		const header, protocol, destination = 20, 9, 16
		if n < header || buffer[0]>>4 != 4 {
			continue // not IPv4
		}
		to := netip.AddrFrom4([4]byte(buffer[destination:header]))
		q := w.queues[to]
		if q == nil {
			continue
		}
		w.count(link{h.Address, to}, buffer[protocol], n)
		if due, arrives := w.fate(link{h.Address, to}, n); arrives {
			q.put(due, buffer[:n])
		}
	}
}

// fate tells when a packet of so many bytes arrives, and whether it does.
func (w *Wire) fate(l link, size int) (due time.Time, arrives bool) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.links[l]
	switch {
	case c == nil:
		return now, true
	case c.Down || rand.Float64() < c.Loss:
		return now, false
	case rand.Float64() < c.Reorder:
		return now, true
	}
	due = now.Add(c.Delay)
	if c.Jitter > 0 {
		due = due.Add(rand.N(c.Jitter))
	}
	if due.Before(c.latest) {
		due = c.latest
	}
	if c.Rate > 0 {
		due = due.Add(time.Duration(size) * time.Second / time.Duration(c.Rate))
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
func (q *queue) deliver(h *Host) {
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
