package transport

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/wampool/wampool/codec"
)

// keptMessage is a message that somebody holds on to.
type keptMessage struct {
	message []byte
	want    []byte
	memory  *codec.Memory
}

func filled(size int, with byte) []byte { return bytes.Repeat([]byte{with}, size) }

// What is kept of a connection stays what it is while its reader reads on, until the
// last who holds it lets go, of whatever size and in whatever order. Under the race
// detector what nobody holds is written over at once.
func TestKeptMessagesStay(t *testing.T) { overEach(t, testKeptMessagesStay) }

func testKeptMessagesStay(t *testing.T, over string) {
	client, server := pairOver(t, over, codec.CBOR, Limits{})
	random := rand.New(rand.NewPCG(1, 2))
	sizes := []int{10, 5_000, 20_000, 40_000, 100_000, 300_000}
	var kept []keptMessage
	check := func(k keptMessage) {
		t.Helper()
		if !bytes.Equal(k.message, k.want) {
			t.Fatalf("a message of %d bytes has become % x…", len(k.want), k.message[:10])
		}
	}
	for i := range 300 {
		want := filled(sizes[random.IntN(len(sizes))]+random.IntN(1000), byte(i))
		if err := client.Send(want); err != nil {
			t.Fatal(err)
		}
		client.Flush()
		message, err := server.Read()
		if err != nil {
			t.Fatal(err)
		}
		switch random.IntN(4) {
		case 0: // passed on at once
			check(keptMessage{message: message, want: want})
			continue
		case 1: // kept, and not held by anybody after all
			message, _ = server.Keep(message)
			check(keptMessage{message: message, want: want})
			continue
		}
		k := keptMessage{want: want}
		k.message, k.memory = server.Keep(message)
		if k.memory.Hold(); k.memory.Size() < len(want) || k.memory.Size() > max(len(want)/3*4+1, smallestBuffer) {
			t.Fatalf("%d bytes are kept in %d", len(want), k.memory.Size())
		}
		kept = append(kept, k)
		if len(kept) > 10 {
			at := random.IntN(len(kept))
			check(kept[at])
			kept[at].memory.Release()
			kept = slices.Delete(kept, at, at+1)
		}
	}
	client.Abort(errTestOver)
	if _, err := server.Read(); err == nil {
		t.Fatal("it reads on")
	}
	server.Wait()
	for _, k := range kept {
		check(k)
		k.memory.Release()
	}
}

// A long message is kept where it was received, and its memory used again once all
// have let go: none is allocated, and nothing for the keeping.
func TestKeepingAllocatesNothing(t *testing.T) {
	for _, over := range []string{"ws", "rs"} {
		t.Run(over, func(t *testing.T) {
			client, server := pairOver(t, over, codec.CBOR, Limits{})
			message := make([]byte, 200_000)
			moved := 0
			exchange := func() {
				sent := make(chan error, 1)
				go func() {
					err := client.Send(message)
					client.Flush()
					sent <- err
				}()
				m, err := server.Read()
				if err != nil {
					t.Fatal(err)
				}
				kept, memory := server.Keep(m)
				if &kept[0] != &m[0] {
					moved++
				}
				memory.Hold()
				server.receive(0) // the reader goes on
				if server.message.memory.Size() != 0 && &server.message.memory == memory {
					t.Fatal("the reader goes on in memory that is held")
				}
				memory.Release()
				if err := <-sent; err != nil {
					t.Fatal(err)
				}
			}
			exchange() // the first one grows
			moved = 0
			if n := testing.AllocsPerRun(50, exchange); n > 12 { // the goroutine, and what the pools lose
				t.Errorf("%v allocations", n)
			}
			if moved > 0 {
				t.Errorf("%d of 51 were copied", moved)
			}
		})
	}
}

// Buffers are used again only once nobody holds them, whoever lets go last.
func TestLentBuffers(t *testing.T) {
	for _, ownerFirst := range []bool{true, false} {
		t.Run(fmt.Sprint(ownerFirst), func(t *testing.T) {
			b := borrowBuffer(100_000)
			b.b = append(b.b, filled(100_000, 7)...)
			memory := b.lend()
			if b.lend() != memory {
				t.Error("lent twice, it is two")
			}
			memory.Hold()
			if b.own() {
				t.Error("its owner may write over it")
			}
			alias := b.b
			if ownerFirst {
				b.giveBack()
			} else {
				memory.Release()
				if !b.own() {
					t.Error("its owner may not have it back")
				}
				b.giveBack()
				return
			}
			other := borrowBuffer(100_000)
			other.b = append(other.b, filled(100_000, 8)...)
			if &other.b[0] == &alias[0] || !bytes.Equal(alias, filled(100_000, 7)) {
				t.Error("it is used again while somebody holds it")
			}
			memory.Release()
			other.giveBack()
		})
	}
}

// A length costs a step of memory, until what it promises has come, or as much has
// come before.
func TestLengthAloneCostsLittle(t *testing.T) {
	c := &Conn{framing: new(rawSocket)}
	c.receive(1 << 24)
	if got := cap(c.message.b); got != receiveStep {
		t.Errorf("%d bytes for a length", got)
	}
	for come := 0; come < 1<<20; come = len(c.message.b) {
		c.grow(leastRoom, 1<<24-come)
		if got := cap(c.message.b); got > max(3*receiveStep, 5*come) {
			t.Fatalf("%d bytes when %d have come", got, come)
		}
		c.message.b = c.message.b[:min(cap(c.message.b), come+10_000)]
	}
	c.message.b = c.message.b[:300_000]
	c.received()
	if c.receive(1 << 24); cap(c.message.b) < 300_000 {
		t.Errorf("%d bytes when as much has come before", cap(c.message.b))
	}
	c.letGo()
}
