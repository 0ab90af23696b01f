package dealer

import (
	"math"

	"github.com/wampool/wampool/codec"
)

// callIndex is a call's place in the table.
type callIndex int32

const noCall callIndex = -1

type callState uint8

const (
	ended   callState = iota // not in use
	waiting                  // in the pool's queue
	running                  // at a callee, its caller waits
	defunct                  // at a callee, its caller is gone or has been told
)

// call is one call, from its arrival until its slot is free again.
type call struct {
	state           callState
	outcome         Outcome // by which it ends, as far as that is known
	from            OriginKind
	receiveProgress bool // the caller asked for progress
	open            bool // progressive call invocation: more parts of it may come
	needs           needs
	handed          bool // waits, or runs, after a callee did not answer it
	tied            bool // stays with its callee: it got progress from there, or is being canceled
	kept            bool // in flight, and its message is held in case it is handed on
	origin          OriginID
	last            CalleeID // that it was dispatched to last
	size            int32    // bytes of its message and of its parts, as far as they are counted
	pool            *pool
	at              *registration // while running or defunct
	request         uint64        // as the origin knows it
	id              uint64        // as the callee knows it, while running or defunct
	arrived         Time
	since           Time   // it arrived, or was handed on
	turn            uint64 // its place in the queue, which it keeps while a peer has it
	begun           Time   // it was dispatched

	// While waiting: its place in the queue. While waiting or kept: the message.
	before, after callIndex
	body          codec.HeldBody
	rare          *rare
}

// rare is what few calls have.
type rare struct {
	timeout  Time             // the caller's; 0: none
	deadline Time             // its end
	watched  bool             // in the heap of deadlines
	place    int              // there
	more     []codec.HeldBody // later parts of a progressive call
	refusers []*callee
	retries  int
}

// grow counts bytes of the call. Of more than it can count it counts as many as it can:
// the number is for people.
func (c *call) grow(bytes int) {
	c.size += int32(min(int64(bytes), int64(math.MaxInt32-c.size))) //nolint:gosec // there is room for it
}

// special returns the call's rare part, for writing.
func (c *call) special() *rare {
	if c.rare == nil {
		c.rare = new(rare)
	}
	return c.rare
}

func (c *call) retries() int {
	if c.rare == nil {
		return 0
	}
	return c.rare.retries
}

// parts returns the later parts of a progressive call that are held.
func (c *call) parts() []codec.HeldBody {
	if c.rare == nil {
		return nil
	}
	return c.rare.more
}

// needs are the features that a callee must have announced for a call.
type needs struct {
	passthru    bool // payload_passthru_mode or payload_transparency
	progressive bool // progressive_call_invocations
}

// table owns all calls, in memory that never moves, with a list of free places.
// A call enters it in insert and leaves it in remove; [Dealer.Restart] begins with
// an empty one.
type table struct {
	chunks []*[chunkCalls]call
	used   callIndex // places that were ever in use
	free   callIndex // linked by after
}

// chunkCalls is how many calls are made at once: as many as fill one of the sizes that Go allocates.
const chunkCalls = 128

func newTable() table { return table{free: noCall} }

func (t *table) at(i callIndex) *call { return &t.chunks[i/chunkCalls][i%chunkCalls] }

// place returns a free place.
func (t *table) place() callIndex {
	if i := t.free; i != noCall {
		t.free = t.at(i).after
		return i
	}
	if int(t.used) == chunkCalls*len(t.chunks) {
		t.chunks = append(t.chunks, new([chunkCalls]call))
	}
	t.used++
	return t.used - 1
}

// insert records a call that has just arrived.
func (d *Dealer) insert(p *pool, from OriginID, request uint64) callIndex {
	i := d.calls.place()
	*d.calls.at(i) = call{state: waiting, from: d.origins[from].kind, pool: p, origin: from, request: request, arrived: d.now, since: d.now, before: noCall, after: noCall}
	p.calls++
	p.tally.receive(d.calls.at(i).from)
	d.origins[from].calls.put(request, int32(i)+1)
	return i
}

// disown forgets a call's caller: nobody is told anything of it any more.
func (d *Dealer) disown(c *call) {
	if c.state != defunct {
		d.unwatch(c)
		o := d.origins[c.origin]
		o.calls.remove(c.request)
		if c.open {
			o.ended.add(c.request)
		}
	}
}

// remove ends a call, by its outcome: its slot, if it had one, is free.
func (d *Dealer) remove(i callIndex) {
	c := d.calls.at(i)
	d.disown(c)
	p := c.pool
	if c.at != nil {
		d.vacate(c)
	} else if c.state == waiting {
		p.queue.remove(&d.calls, i)
		p.mark()
	}
	d.recycle(c)
	p.tally.Ended[c.outcome]++
	if d.tells(c.outcome) {
		d.tell(c)
	}
	*c = call{after: d.calls.free}
	d.calls.free = i
	p.calls--
	d.sweep(p)
}

// recycle gives back the memory of a call's message that is needed no longer.
func (d *Dealer) recycle(c *call) {
	d.unkeep(c)
	d.spend(&c.body)
	if c.rare == nil {
		return
	}
	for i := range c.rare.more {
		d.spend(&c.rare.more[i])
	}
	c.rare.more = nil
}

func (d *Dealer) spend(body *codec.HeldBody) {
	if memory := body.Memory(); memory != nil {
		d.lent = append(d.lent, memory)
	}
	if buffer := body.Release(); buffer != nil {
		d.spent = append(d.spent, buffer)
	}
}

// sweep forgets a pool that is closed and whose last call has ended.
func (d *Dealer) sweep(p *pool) {
	if !p.open && p.calls == 0 && p.roster.size == 0 {
		delete(d.byKey, p.key)
		d.pools[p.id] = nil
		d.retire(p)
	}
}
