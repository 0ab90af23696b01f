// Package match brings calls that wait at one sidecar to slots that are free at
// another. It has three parts: when a sidecar says how a pool of its own is
// ([Said]), to whom ([First]), and what that one makes of it ([Matchmaker]).
//
//	Report ──▶ claim: what a node says of a pool
//	             ├─ calls wait ──▶ takers, who has waited longest in front ─┐
//	             └─ slots free ──▶ suppliers, who has most in front ────────┴▶ Match, to the taker
//
// The matchmaker is a pure state machine, as the dealer is: no goroutine, lock,
// channel, clock, source of randomness, logger or I/O. Events are its methods, time
// is an argument, what is to be told is returned.
//
// All that it says is a hint. A match lets the taker send the supplier some calls; the
// supplier takes each of them only if it has a slot at that moment. So nothing that a
// matchmaker does not know, or gets wrong, or that a node makes up, costs more than
// waiting time:
//   - A matchmaker that knows nothing, since the one before is gone, knows all again as
//     soon as each node has said its loads anew.
//   - Two of them for one pool, where links are cut, make fewer matches, and some that
//     are refused.
//   - What is on its way is subtracted: a match from the calls that wait, a call from the
//     slots. It ends when the loads tell of it, or after [Limits.Flight], so that
//     what was lost holds no slot.
//   - A node whose load is older than [Limits.Stale], or which is lost, does not count.
//   - A node may claim [MaxClaim] slots or calls of a pool, and all of them together so many
//     pools as [Limits.Claims]. Those who say more than is true get their
//     turn behind all who have no match on its way.
//
// A report takes O(log n) in the nodes that have the pool, for each call matched.
package match
