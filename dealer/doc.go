// Package dealer decides what happens to every call of a realm's pools.
//
// It is a pure state machine: no goroutine, lock, channel, clock, source of
// randomness, logger or I/O. Its driver tells it what happened (an event: a
// method of [Dealer], with the time as an argument), carries out what it returns
// (a list of [Action], in order) and says so ([Dealer.Done]); an event that begins
// before panics. The one driver is package proxy/driver, for the sidecar and for the
// router of proxy/tryout alike: whoever owns it holds one lock around each event
// and its actions.
//
//	Join, Leave, Revoke, Lose ──▶ roster of a pool (who may get a call)
//	Call ──▶ free slot and nobody waits? ──▶ Invoke          (running)
//	     └─▶ a peer's credit for it?     ──▶ Invoke, away     (running)
//	     └─▶ room in the queue?          ──▶ waits            (waiting)
//	     └─▶ else                        ──▶ Refuse           (ended)
//	Offer ──▶ credits of a peer ──▶ Invoke, away, of who waits and may travel
//	Answer ─▶ final? frees the slot ──▶ Forward, then Invoke of who waits
//	     └─▶ unavailable? ──▶ Discard; the call waits in front for another callee
//	     └─▶ a peer is full? ──▶ Discard; the call waits where it waited
//	Configure, DrainCallee, UndrainCallee, PausePool, ResumePool ─▶ who may get a
//	        call from now on, and then Invoke of who waits
//	Cancel, DropOrigin ─▶ running calls whose caller is gone are defunct:
//	        they hold their slot until the callee answers, which is discarded
//	Tick ──▶ Refuse of those that waited too long, or whose own time is over;
//	        Release of pools that have lingered without a callee
//
// States of a call:
//
//	        ┌──────────▶ ended ◀───────────┐
//	arrival ├─▶ waiting ⇄ running ─▶ defunct
//	        └──────────────▲
//
// A call goes back from running to waiting where its callee refuses it, or is
// lost and the pool's rules say so (handover.go); or where a peer that it has travelled
// to has no room for it after all (peer.go).
//
// Other sidecars with callees of the same procedures are peers, of which each side sees
// the other twice: as a callee of a second tier that calls travel to, and as an origin
// that they come from.
//
//	roster ──▶ callees here ──▶ a slot, by limit     first, whenever one is free
//	credits ──▶ peers ─────────▶ a hint, by offer     else; the nearest first
//
// Who says where credits are to be offered is package match; what it goes by is told by
// [Dealer.LoadOf] (load.go).
//
// What holds after every event:
//   - Work-conserving: while a pool's queue is not empty, none of its callees
//     has a free slot, unless the pool is paused, or the callee drains. Every event
//     that frees or adds a slot dispatches in the same step.
//   - A callee never has more calls than its limit. A slot is taken at
//     dispatch and given back only by the final YIELD or ERROR of that
//     invocation or by the end of the callee's session, see [Dealer.Lose].
//   - Nobody waits beside a credit of a peer that may have the call: one that has not
//     refused it, can take it, is no farther away than who waits before it is served,
//     and whose message can be kept.
//   - Only an offer adds credits, a dispatch takes one, and who is full has none.
//   - What a peer has forwarded runs at once or is refused before anything has run: it
//     never waits, and never travels on.
//   - First in, first out within a pool: a newcomer never overtakes the queue, and what
//     comes back from a peer has its place and its arrival.
//     Calls that were handed on wait in front of the others; where those who
//     have room have all refused them, others go first.
//   - No call is dispatched once its time is over, however late the Tick is.
//   - Every call ends in exactly one answer to its caller (Forward of a final
//     answer, or Refuse), or in none if the caller itself is gone or has been
//     told by its router. A peer's call is answered even then, unless its link is gone.
//
// A panic is a fault of this package or its driver. The books may disagree then:
// [Dealer.Audit] tells, and [Dealer.Restart] begins anew with what is certain
// (audit.go, restart.go).
//
// One table owns the calls (table.go); in-flight counts are changed in one
// place, where a call gets or gives back its slot (slot.go), and counted anew only
// by Restart. A callee's request IDs are
// given out in one place too (ids.go), for the pool's invocations as well as
// the router's own that share the callee's connection.
package dealer
