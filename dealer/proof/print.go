package proof

import (
	"encoding/binary"
	"time"
)

// Print collects what of a state decides what happens from now on, so that two
// states with one print need be tried once alone. IDs are told by the order in
// which they come up, times as they are seen from now.
type Print struct {
	Bytes []byte
	Now   time.Duration
	names map[name]int
	last  map[string]int
}

type name struct {
	space  string
	of, id uint64
}

// Begin forgets all.
func (p *Print) Begin(dst []byte, now time.Duration) {
	if p.names == nil {
		p.names, p.last = make(map[name]int), make(map[string]int)
	}
	clear(p.names)
	clear(p.last)
	p.Bytes, p.Now = dst, now
}

// Put tells numbers.
func (p *Print) Put(numbers ...int) {
	for _, n := range numbers {
		p.Bytes = binary.AppendVarint(p.Bytes, int64(n))
	}
}

// Flags tells what is so, and what not.
func (p *Print) Flags(flags ...bool) {
	bits := 1
	for _, is := range flags {
		if bits *= 2; is {
			bits++
		}
	}
	p.Put(bits)
}

// Text tells a text.
func (p *Print) Text(s string) {
	p.Put(len(s))
	p.Bytes = append(p.Bytes, s...)
}

// Name tells an ID of a space, which belongs to something else, or to nothing (0).
// ID 0 is none.
func (p *Print) Name(space string, of, id uint64) {
	if id == 0 {
		p.Put(0)
		return
	}
	n := p.names[name{space, of, id}]
	if n == 0 {
		p.last[space]++
		n = p.last[space]
		p.names[name{space, of, id}] = n
	}
	p.Put(n)
}

// Moment tells a time as it is seen from now: those that lie further back than so
// much are all the same.
func (p *Print) Moment(t, past time.Duration) { p.Put(int(max(t-p.Now, -past))) }
