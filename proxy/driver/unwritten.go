package driver

import (
	"sync"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// Unwritten are messages that have to be put into another serializer, which takes
// as long as they are large. Under the owner's lock only their places in the send
// buffers are reserved ([transport.Slot]): whoever has brought the event writes
// them when it has let the lock go, before it waits for anything.
//
//	under the lock      Perform ──▶ a slot for each          [Driver.Unwritten]
//	without             [Unwritten.Write] ──▶ the messages
//	under it again      [Driver.Follow], if some could not be written
//
// What is sent meanwhile, by whomever, keeps its place behind them. A progressive
// call is written under the lock: its parts stand or fall together.
type Unwritten struct {
	out     *transport.Outbox // of whom writes them
	entries []entry
	scratch scratch
	failed  int // how many of the entries something follows from; they come first
}

// entry is one message that is to be written.
type entry struct {
	letter letter
	held   codec.HeldBody // the letter's, where that would not last
	slot   transport.Slot

	action   dealer.Action // what it carries out, without the body
	callee   *Callee       // to whom, or from whom
	origin   *Origin       // to whom, or from whom
	delivery *delivery     // of an INVOCATION

	uri, text string // why it could not be written
}

// spare has those that are written.
var spare = sync.Pool{New: func() any { return new(Unwritten) }}

// later reserves the place of a message at a connection.
func (d *Driver) later(out *transport.Outbox, to *transport.Conn, a *dealer.Action, l *letter) {
	if d.unwritten == nil {
		d.unwritten = spare.Get().(*Unwritten)
		d.unwritten.out = out
	}
	u := d.unwritten
	if u.out != out {
		panic("driver: what one reader has left unwritten must be written before another has the lock")
	}
	if len(u.entries) < cap(u.entries) {
		u.entries = u.entries[:len(u.entries)+1]
	} else {
		u.entries = append(u.entries, entry{})
	}
	e := &u.entries[len(u.entries)-1]
	e.letter, e.action = *l, *a
	if to != nil {
		e.slot = out.Reserve(to)
	}
	e.hold()
	e.callee, e.origin = d.callees[a.Callee], d.origins[a.Origin]
	if l.kind == codec.TypeInvocation {
		e.delivery = e.callee.deliver(a.ID)
	}
}

// hold keeps what of the letter lies in memory that may be another's once the lock
// is given back: its dictionary, and the payload of a call that has waited. Of the
// message at hand, payload and URI stay their reader's.
func (e *entry) hold() {
	l := &e.letter
	body := codec.Body{Serializer: l.from, Details: l.dict}
	if e.action.Held {
		body.Payload, body.Memory = l.payload, e.action.Body.Memory
	}
	e.action.Body = codec.Body{}
	e.held = body.Hold(e.held.Release())
	body = e.held.Body()
	l.dict = body.Details
	if e.action.Held {
		l.payload = body.Payload
	}
}

// Unwritten returns what is to be written once the lock is given back, nil if
// there is nothing.
func (d *Driver) Unwritten() *Unwritten {
	u := d.unwritten
	d.unwritten = nil
	return u
}

// Write writes the messages into their places. It is true if something follows
// for those that could not be written: [Driver.Follow], under the lock. Report is told
// what panics; that costs the one call.
func (u *Unwritten) Write(report func(any)) bool {
	for i := range u.entries {
		e := &u.entries[i]
		u.write(e, report)
		if interrupted := e.delivery.end(e.uri == ""); interrupted || e.uri != "" {
			u.entries[u.failed], *e = *e, u.entries[u.failed]
			u.failed++
		}
	}
	if u.failed == 0 {
		u.recycle()
		return false
	}
	return true
}

func (u *Unwritten) write(e *entry, report func(any)) {
	defer e.slot.Drop() // where it is not filled
	defer func() {
		if x := recover(); x != nil {
			report(x)
			e.uri, e.text = uriCanceled, "the call was lost by an internal error"
			u.tell(e)
		}
	}()
	s := &u.scratch
	message, err := s.build(&e.letter)
	if e.letter.kind == codec.TypeInvocation {
		e.uri, e.text = e.callee.cantTake(err, message.Len())
	} else {
		e.uri, e.text = e.origin.cantTake(err, message.Len())
	}
	if e.uri != "" {
		u.tell(e)
		return
	}
	e.slot.FillParts(message)
}

// tell fills an answer's place with the ERROR that says why it is not there. A
// call's stays empty.
func (u *Unwritten) tell(e *entry) {
	if e.letter.kind != codec.TypeInvocation {
		u.scratch.buildErrorText(e.origin, e.letter.request, e.uri, e.text)
		e.slot.Fill(u.scratch.message)
	}
}

// Follow brings what follows from messages that could not be written: a call is
// answered in its callee's stead, and an answer that was not the last one is,
// by what its caller was told. An INTERRUPT that came meanwhile is sent behind its
// INVOCATION.
func (d *Driver) Follow(out *transport.Outbox, u *Unwritten) {
	for i := range u.entries[:u.failed] {
		e := &u.entries[i]
		e.callee.delivered(e.delivery)
		f := followUp{uri: e.uri, text: e.text, action: e.action, callee: e.callee, origin: e.origin}
		switch {
		case e.uri == "":
			if d.Callee(e.action.Callee) == e.callee {
				send(out, e.callee.Conn, e.delivery.interrupt)
			}
			continue
		case e.letter.kind == codec.TypeInvocation:
			f.kind = unsent
		case !e.action.Final:
			f.kind = told
		default:
			continue
		}
		d.queue = append(d.queue, f)
	}
	u.recycle()
	d.settle(out)
}

func (u *Unwritten) recycle() {
	const mostEntries = 64
	if cap(u.entries) > mostEntries {
		u.entries = nil
	}
	for i := range u.entries {
		held := &u.entries[i].held
		if memory := held.Memory(); memory != nil {
			memory.Release()
		}
		buffer := held.Release()
		if cap(buffer) > mostKept {
			buffer = nil
		}
		u.entries[i] = entry{held: codec.Body{}.Hold(buffer)}
	}
	u.out, u.entries, u.failed = nil, u.entries[:0], 0
	u.scratch.trim()
	spare.Put(u)
}
