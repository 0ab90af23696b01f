package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
)

// What is sent behind a slot leaves after what fills it, whoever flushes, and
// what was sent before it leaves at once.
func TestSlotKeepsItsPlace(t *testing.T) { overEach(t, testSlotKeepsItsPlace) }

func testSlotKeepsItsPlace(t *testing.T, over string) {
	fill := func(s Slot, message string) { s.Fill([]byte(message)) }
	for name, fill := range map[string]func(slots []Slot){
		"in order":       func(s []Slot) { fill(s[0], "1"); fill(s[1], "2"); s[2].Drop() },
		"in other order": func(s []Slot) { s[2].Drop(); fill(s[1], "2"); fill(s[0], "1") },
		"middle first":   func(s []Slot) { fill(s[1], "2"); fill(s[0], "1"); s[2].Drop() },
		"twice": func(s []Slot) {
			fill(s[0], "1")
			fill(s[0], "x")
			fill(s[1], "2")
			s[1].Drop()
			s[2].Drop()
			fill(s[2], "x")
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, server, writes := countedPair(t, over, Limits{})
			var first, second Outbox
			first.Send(server, []byte("before"))
			slots := []Slot{first.Reserve(server)}
			second.Send(server, []byte("behind the first"))
			slots = append(slots, first.Reserve(server), second.Reserve(server))
			second.Send(server, []byte("behind all"))
			second.Flush()
			first.Flush()
			if got := mustRead(t, client); got != "before" {
				t.Fatalf("got %q", got)
			}
			if n := writes.Load(); n != 1 {
				t.Errorf("%d writes of what stands before the slots", n)
			}
			fill(slots)
			first.Flush()
			for _, want := range []string{"1", "behind the first", "2", "behind all"} {
				if got := mustRead(t, client); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
			second.Flush()
			if n := writes.Load(); n != 2 || server.Buffered() != 0 || len(server.gather.gaps) > 0 {
				t.Errorf("%d writes, %d bytes and %d gaps are left", n, server.Buffered(), len(server.gather.gaps))
			}
			if len(first.reserved)+len(second.reserved) > 0 {
				t.Error("a slot is taken for one that is open")
			}
		})
	}
}

// Readers that each reserve under a lock and fill when they have let it go leave
// their messages in the order of the lock.
func TestSlotsOfManyReaders(t *testing.T) { overEach(t, testSlotsOfManyReaders) }

func testSlotsOfManyReaders(t *testing.T, over string) {
	const readers, each = 8, 400
	client, server := pairOver(t, over, codec.CBOR, Limits{SendBufferBytes: 64 << 20})
	var order sync.Mutex
	var next uint32
	var running sync.WaitGroup
	for reader := range readers {
		running.Go(func() {
			var out Outbox
			defer out.Flush()
			for i := range each {
				order.Lock()
				number := binary.BigEndian.AppendUint32(nil, next)
				next++
				var slot Slot
				if (reader+i)%3 > 0 {
					slot = out.Reserve(server)
				} else {
					out.Send(server, number)
				}
				order.Unlock()
				slot.Fill(append(number, make([]byte, (reader*i)%3000)...))
				if i%5 == 0 {
					out.Flush()
				}
			}
		})
	}
	for want := range uint32(readers * each) {
		if got := binary.BigEndian.Uint32([]byte(mustRead(t, client))); got != want {
			t.Fatalf("message %d stands where %d was reserved", got, want)
		}
	}
	running.Wait()
}

// What waits behind a slot counts, against the limit and in the account.
func TestWhatWaitsBehindASlotIsBounded(t *testing.T) {
	overEach(t, testWhatWaitsBehindASlotIsBounded)
}

func testWhatWaitsBehindASlotIsBounded(t *testing.T, over string) {
	_, server := pairOver(t, over, codec.CBOR, Limits{SendBufferBytes: 100_000})
	account := NewBudget(0).Open(nil)
	server.Charge(account)
	var out Outbox
	slot := out.Reserve(server)
	message := make([]byte, 30_000)
	for range 4 { // the last of them finds a quarter of the buffer empty
		mustSend(t, server, string(message))
		out.Flush()
	}
	if n := server.Buffered(); n < 120_000 || account.Held() < 120_000 {
		t.Errorf("%d bytes wait behind the slot, %d are held", n, account.Held())
	}
	if err := server.Send(message); err != ErrSendBufferFull {
		t.Errorf("send: %v, want ErrSendBufferFull", err)
	}
	slot.Fill(message)
	server.Wait()
	if account.Held() != 0 {
		t.Errorf("%d bytes are held by a connection that has ended", account.Held())
	}
}

// Who fills a slot is bound as who sends.
func TestSlotIsFilledWithinBounds(t *testing.T) {
	_, server := pair(t, codec.CBOR, Limits{SendBufferBytes: 100_000})
	var out Outbox
	slot := out.Reserve(server)
	for range 2 {
		mustSend(t, server, string(make([]byte, 90_000)))
	}
	slot.Fill(make([]byte, 20_000))
	if err := server.Send(nil); err != ErrSendBufferFull {
		t.Errorf("send: %v, want ErrSendBufferFull", err)
	}

	client, raw := pairOver(t, "rs", codec.CBOR, Limits{MessageBytes: 1000})
	first, second := out.Reserve(raw), out.Reserve(raw)
	mustSend(t, raw, "behind")
	first.Fill(make([]byte, 2000))
	second.Drop()
	if got := mustRead(t, client); got != "behind" {
		t.Errorf("got %q", got)
	}
	if _, err := raw.Read(); !errors.Is(err, ErrMessageTooLong) {
		t.Errorf("read: %v, want ErrMessageTooLong", err)
	}
}

// A close waits for the slots that were reserved before it.
func TestCloseWaitsForSlots(t *testing.T) { overEach(t, testCloseWaitsForSlots) }

func testCloseWaitsForSlots(t *testing.T, over string) {
	client, server := pairOver(t, over, codec.JSON, Limits{})
	var out Outbox
	slot, given := out.Reserve(server), out.Reserve(server)
	mustSend(t, server, "behind")
	server.Close(1000, "", 5*time.Second)
	if late := out.Reserve(server); late != (Slot{}) {
		t.Error("a slot is reserved behind the close")
	} else {
		late.Fill([]byte("too late"))
	}
	slot.Fill([]byte("in the slot"))
	given.Drop()
	out.Flush()
	for _, want := range []string{"in the slot", "behind"} {
		if got := mustRead(t, client); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if _, err := client.Read(); err != io.EOF {
		t.Errorf("peer's read: %v, want EOF", err)
	}
	server.Wait()
}

// Slots may be filled while the close frame is written.
func TestCloseWhileSlotsAreFilled(t *testing.T) { overEach(t, testCloseWhileSlotsAreFilled) }

func testCloseWhileSlotsAreFilled(t *testing.T, over string) {
	for range 20 {
		client, server := pairOver(t, over, codec.JSON, Limits{})
		const slots = 20
		var out Outbox
		for range slots {
			out.Reserve(server)
		}
		server.Close(1000, "", 5*time.Second)
		for len(out.reserved) > 0 {
			out.reserved[0].Fill([]byte("in the slot"))
		}
		out.Flush()
		for range slots {
			mustRead(t, client)
		}
		if _, err := client.Read(); err != io.EOF {
			t.Fatalf("peer's read: %v, want EOF", err)
		}
		server.Wait()
	}
}

// A connection that ends has no slots any more, and who has one does not notice.
func TestConnectionEndsWithSlots(t *testing.T) { overEach(t, testConnectionEndsWithSlots) }

func testConnectionEndsWithSlots(t *testing.T, over string) {
	_, server := pairOver(t, over, codec.JSON, Limits{})
	var out Outbox
	filled, dropped := out.Reserve(server), out.Reserve(server)
	mustSend(t, server, "behind")
	server.Abort(errTestOver)
	filled.Fill([]byte("for nobody"))
	dropped.Drop()
	out.Flush()
	server.Wait()
	if n := server.Buffered(); n != 0 || len(server.gather.gaps) > 0 || server.gather.pending != nil {
		t.Errorf("%d bytes and %d gaps are left", n, len(server.gather.gaps))
	}
}

// A reader that panics before it fills its slots gives them up.
func TestPanicDropsSlots(t *testing.T) {
	client, server := pair(t, codec.JSON, Limits{})
	var out Outbox
	func() {
		defer func() { _ = recover() }()
		defer out.DropReserved()
		out.Reserve(server).Fill([]byte("made"))
		out.Reserve(server)
		out.Send(server, []byte("behind"))
		out.Reserve(server)
		panic("before the slots are filled")
	}()
	out.Send(server, []byte("later"))
	out.Flush()
	for _, want := range []string{"made", "behind", "later"} {
		if got := mustRead(t, client); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Slots in steady state are not allocated for, and a connection keeps few.
func TestSlotsAreNotAllocatedFor(t *testing.T) {
	client, server := pair(t, codec.CBOR, Limits{})
	var out Outbox
	message := bytes.Repeat([]byte("x"), 100)
	exchange := func() {
		first, second := out.Reserve(server), out.Reserve(server)
		out.Send(server, message)
		second.Fill(message)
		first.Fill(message)
		out.Flush()
		for range 3 {
			if _, err := client.Read(); err != nil {
				t.Fatal(err)
			}
		}
	}
	exchange()
	if n := testing.AllocsPerRun(200, exchange); n > 2 { // buffers that the pools lose
		t.Errorf("%v allocations for 2 slots", n)
	}
	var slots []Slot
	for range 100 {
		slots = append(slots, out.Reserve(server))
	}
	slices.Reverse(slots)
	for i, slot := range slots {
		slot.Fill(fmt.Append(nil, strings.Repeat("x", i)))
	}
	out.Flush()
	if n := cap(server.gather.gaps); n > keptGaps {
		t.Errorf("places for %d gaps are kept", n)
	}
	for i := range slots {
		if got := mustRead(t, client); len(got) != len(slots)-1-i {
			t.Fatalf("message %d has %d bytes", i, len(got))
		}
	}
}
