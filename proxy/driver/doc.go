// Package driver carries out what a [dealer.Dealer] decides: it turns actions into
// WAMP messages in send buffers. The sidecar drives its realms' dealers by it, and
// so does the router for trying out.
//
//	owner, under its lock:       an event ──▶ dealer ──▶ actions
//	                                                        │
//	[Driver.Perform] ◀──────────────────────────────────────┘
//	  one action after the other ─────────▶ message ──▶ [transport.Outbox]
//	                              or ─────▶ its place there ([transport.Slot])
//	  when all of them are carried out ───▶ [dealer.Dealer.Done]
//	  what follows from them ─────────────▶ events of their own, each in the same way
//	owner, without its lock:     [Unwritten.Write] ──▶ messages in their places
//	owner, under it again:       [Driver.Follow], where one could not be written
//
// A message whose payload has to be put into another serializer gets its place
// under the lock and is written without it (unwritten.go), for that takes as long as
// the payload is large. All others are as good as copied.
//
// What can follow from an action: a call whose message its callee can't take is
// answered in the callee's stead; a caller that was told of an answer that it can't
// take waits no more; a callee that broke the protocol is ended; and whatever the
// owner has had follow ([Driver.After]), as a pool's registration that is to be
// given up. It waits in a queue until the actions at hand are carried out, so that
// no event begins within another: the dealer would panic.
//
// The driver knows callees and origins by the dealer's IDs, and of each of them no
// more than it takes to write to it: connection, serializer, the longest message. Who
// they are otherwise is the owner's to know ([Owner], [Session]).
//
// A driver has no lock and no goroutine. Its owner holds one lock around each event
// and what Perform does with it; under it, sending appends to a bounded buffer in
// memory. Memory for messages under construction is in one place for those who build
// one at a time: the holder of the lock, and each who writes without it (scratch.go).
//
// After a panic under that lock, [Driver.Resume] tells whether something was left
// half way, and then [Driver.Restart] begins anew.
package driver
