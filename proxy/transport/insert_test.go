package transport

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/wampool/wampool/codec"
)

// lender makes payloads that may be held, and counts those that are.
type lender struct {
	held   atomic.Int64
	random *rand.Rand
}

// parts returns a message, and what it is in one piece.
func (l *lender) parts(size int, given bool) (message Parts, whole []byte) {
	fill := func(n int) []byte {
		p := make([]byte, n)
		if n > 0 { // no part of it like another one
			for i := copy(p, "1234"); i < n; i *= 2 {
				mask(p[i:i+copy(p[i:], p[:i])], l.random.Uint32())
			}
		}
		return p
	}
	m := Parts{Head: fill(l.random.IntN(20)), Payload: fill(size), Given: given}
	if l.random.IntN(2) == 0 {
		m.Tail = "]"
	}
	whole = append(append(bytes.Clone(m.Head), m.Payload...), m.Tail...)
	memory, payload := new(codec.Memory), m.Payload
	memory.Lend(cap(payload), func() {
		l.held.Add(-1)
		spoil(payload)
	})
	l.held.Add(1)
	m.Memory = memory
	return m, whole
}

// What is to be written is the frames one behind the other, however they were put
// together: with payloads copied or held where they lie, masked or not, in a buffer that
// grew or was joined, and taken in whatever parts. What is taken is held no more.
func TestInserts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	lends := lender{random: random}
	sizes := []int{0, 100, leastLent - 1, leastLent, 3*leastLent + 1}
	build := func(frames int) (b *buffer, want []byte) {
		for range frames {
			header, key := make([]byte, random.IntN(5)), uint32(0)
			if random.IntN(2) == 0 {
				key = random.Uint32()
			}
			size, given := sizes[random.IntN(len(sizes))], random.IntN(3) > 0
			m, whole := lends.parts(size, given)
			b = b.withFrame(header, &m, key)
			if mask(whole, key); m.isLent(key != 0) != (size >= leastLent && (given || key == 0)) {
				t.Fatal("lent in spite of itself")
			}
			want = append(append(want, header...), whole...)
			m.Memory.Release() // its reader
		}
		return b, want
	}
	for range 200 {
		b, want := build(random.IntN(6))
		behind, wanted := build(random.IntN(6))
		b, want = b.joined(behind), append(want, wanted...)
		if b == nil {
			continue
		}
		if abandoned := random.IntN(10) == 0; abandoned {
			b.take(random.IntN(b.rest() + 1))
			want = nil
			b.giveBack()
		}
		for at := 0; at < len(want); {
			if b.rest() != len(want)-at || int(b.size()) < cap(b.b) {
				t.Fatalf("%d bytes are left of %d", b.rest(), len(want)-at)
			}
			var room [3][]byte
			most := 1 + random.IntN(4*leastLent)
			list := b.pieces(room[:1+random.IntN(3)][:0], most)
			n := 0
			for _, p := range list {
				if len(p) == 0 || !bytes.Equal(p, want[at+n:][:len(p)]) {
					t.Fatalf("wrong bytes at %d of %d", at+n, len(want))
				}
				n += len(p)
			}
			if n > most || n == 0 || !bytes.Equal(b.next(math.MaxInt)[:min(len(list[0]), most)], list[0]) {
				t.Fatalf("%d bytes in place of %d", n, most)
			}
			n = 1 + random.IntN(n)
			b.take(n)
			at += n
		}
		if want != nil {
			if b.rest() != 0 || b.next(1) != nil || b.holds != 0 || b.inserted != 0 {
				t.Fatal("something is left of nothing")
			}
			b.giveBack()
		}
		if lends.held.Load() != 0 || cap(b.inserts) > keptInserts {
			t.Fatalf("%d are held for nobody", lends.held.Load())
		}
	}
}

// A long payload that is lent arrives as it was, over each transport and in both
// directions, among other messages and through slots, is held until it is written, and
// no longer. Under the race detector what nobody holds is written over at once.
func TestLentPayloadsArrive(t *testing.T) { overEach(t, testLentPayloadsArrive) }

func testLentPayloadsArrive(t *testing.T, over string) {
	client, server := pairOver(t, over, codec.CBOR, Limits{})
	for name, side := range map[string]struct{ from, to *Conn }{"to the client": {server, client}, "to the server": {client, server}} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(3, 4))
			lends := lender{random: random}
			var out Outbox
			send := func() (whole []byte) {
				m, whole := lends.parts([]int{10, leastLent, 100_000}[random.IntN(3)], true)
				defer m.Memory.Release()
				if random.IntN(2) == 0 {
					out.SendParts(side.from, m)
					return whole
				}
				slot := out.Reserve(side.from)
				behind, next := lends.parts(leastLent, true)
				defer behind.Memory.Release()
				out.SendParts(side.from, behind)
				slot.FillParts(m)
				return append(whole, next...)
			}
			for range 30 {
				var want []byte
				for range 1 + random.IntN(10) {
					want = append(want, send()...)
				}
				flushed := make(chan struct{})
				go func() {
					defer close(flushed)
					out.Flush()
				}()
				for len(want) > 0 {
					m, err := side.to.Read()
					if err != nil || !bytes.HasPrefix(want, m) {
						t.Fatalf("a message of %d bytes is not what was sent; %v", len(m), err)
					}
					want = want[len(m):]
				}
				<-flushed
				side.from.gather.wait()
			}
			if lends.held.Load() != 0 || side.from.Buffered() != 0 {
				t.Errorf("%d payloads are held, %d bytes unsent", lends.held.Load(), side.from.Buffered())
			}
		})
	}
}

// What is lent counts as what is copied: as unsent, against the bound of the send
// buffer, and in the account; and it is let go of when the connection ends.
func TestLentPayloadsCount(t *testing.T) { overEach(t, testLentPayloadsCount) }

func testLentPayloadsCount(t *testing.T, over string) {
	const size = 300_000
	client, _ := pairOver(t, over, codec.CBOR, Limits{SendBufferBytes: 20 * size})
	lends := lender{random: rand.New(rand.NewPCG(5, 6))}
	budget := NewBudget(0)
	client.Charge(budget.Open(nil))
	var err error
	sent := 0
	for ; err == nil && sent < 200; sent++ { // nobody reads
		m, _ := lends.parts(size, true)
		err = client.SendParts(m)
		m.Memory.Release()
		if buffered := client.Buffered(); err == nil && (budget.Held() < int64(buffered) || budget.Held() > int64(2*buffered)+sealStep) {
			t.Fatalf("%d bytes are charged for %d that are unsent", budget.Held(), buffered)
		}
		client.Flush()
	}
	if !errors.Is(err, ErrSendBufferFull) || sent < 20 {
		t.Fatalf("after %d messages: %v", sent, err)
	}
	client.Wait()
	if lends.held.Load() != 0 || budget.Held() != 0 {
		t.Errorf("%d payloads are held after the end, %d bytes charged", lends.held.Load(), budget.Held())
	}
}

// Who passes messages on, gives them away: they arrive as they came, and the reader
// goes on in other memory.
func TestPassedMessagesArrive(t *testing.T) { overEach(t, testPassedMessagesArrive) }

func testPassedMessagesArrive(t *testing.T, over string) {
	sender, in := pairOver(t, over, codec.CBOR, Limits{})
	outward, receiver := pairOver(t, over, codec.CBOR, Limits{})
	var out Outbox
	in.BeforeBlock(out.Flush)
	passed := make(chan struct{})
	go func() {
		defer close(passed)
		for {
			m, err := in.Read()
			if err != nil {
				return
			}
			out.Pass(in, outward, m)
		}
	}()
	random := rand.New(rand.NewPCG(7, 8))
	var sent [][]byte
	for i := range 200 {
		sent = append(sent, filled(1+random.IntN(200_000)>>random.IntN(12), byte(i)))
	}
	go func() {
		for _, m := range sent {
			_ = sender.Send(m)
			sender.Flush()
			sender.gather.wait()
		}
	}()
	for i, want := range sent {
		if m, err := receiver.Read(); err != nil || !bytes.Equal(m, want) {
			t.Fatalf("message %d of %d bytes has become one of %d; %v", i, len(want), len(m), err)
		}
	}
	in.Abort(errTestOver)
	<-passed
}
