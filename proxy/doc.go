// Package proxy is the sidecar: everything of wampool that touches a socket or
// a clock.
//
//	                 ┌────────────────── client ─────────────────┐
//	client ──Conn──▶ │ readClient ──▶ (REGISTER, YIELD, …) ──┐    │ ──Conn──▶ router
//	       ◀──Conn── │ ◀── readRouter (INVOCATION, …) ◀──────┼─── │ ◀──Conn──
//	                 └───────────────────────────────────────┼────┘
//	                                                         ▼
//	         realm: one lock ── admission.Registrar, dealer.Dealer
//	                                                         ▲
//	                 ┌──────────── pool session ─────────────┴────┐
//	router ──Conn──▶ │ INVOCATION, INTERRUPT in; YIELD, ERROR out │
//	                 └────────────────────────────────────────────┘
//
// A client that connects gets a connection of its own to the router (client.go),
// dialed before the client is answered. Its messages pass byte for byte, but
// for those that a pool is concerned with (client_messages.go,
// router_messages.go), within a WAMP session (session.go), of which a connection
// may have several, one after the other. A message is read once, by the reader that
// got it and before any lock (message.go, reading.go).
//
// Whom a pool takes, and what the router is asked for that, is decided by the realm's
// registrar (package admission): it hears of REGISTERs and of what comes behind them,
// of the router's answers, of pool sessions and of the time, and what it says is done
// here (admit.go): on the client's session (register.go, probe.go), on pool sessions
// (claims.go) and in the dealer (pool.go). What that inserts into, or takes out of, the
// numbering of the client's requests is evened out by renumbering (renumber.go).
// Whatever a client makes its session remember counts by what keeping it takes
// (upkeep.go).
//
// A pool session is a link (link.go, poolsession.go): one for each serializer that
// callees use, and more of one where a pool's weight asks for them.
//
// How a REGISTER travels: the client's reader decodes it before the lock, and the realm
// brings it to the registrar. The pool session's REGISTER goes out on a link; its
// reader brings the router's REGISTERED, and the callee's own REGISTER goes out on
// the callee's session; that one's reader brings the router's ERROR, the callee joins
// the pool in the dealer, and is told REGISTERED.
//
// How a call travels: the pool session's reader takes an INVOCATION
// (poolsession.go) and hands it to the realm's dealer, whose driver carries out what
// it decides (package driver, and owner.go for what that asks): the INVOCATION is
// written to the callee's send buffer under the callee's own ID. The callee's reader
// takes the YIELD, the dealer tells whose it is, and it is written to the pool
// session's send buffer. Where the two speak different serializers, a message gets its
// place there under the lock, and is written when that is given back (contain.go). A
// reader flushes the buffers that it wrote to before it blocks for input again
// ([transport.Outbox]), so one wake-up costs one system call for each connection it
// concerns, and no goroutine is handed anything.
//
// A call of a caller here whose role a block names takes a shorter way: its
// session's reader hands it to the dealer (direct.go), and the driver takes the
// answer back to the caller. The router sees none of it.
//
// Other sidecars that serve the same procedures are peers (clustered.go, sharing.go;
// package cluster has membership and links). A call that waits here may go to one that
// has a slot free: to the dealer that is a callee of a second tier (supplier.go). Calls of
// a peer come as a pool session's do (taker.go), run at once or go back. What peers say of
// their pools comes and goes by EVENTs (loads.go): a reader says what has changed when it
// is about to flush, so that what one read has brought makes one EVENT for each peer.
//
// The configuration, and a realm's rulebook, may be other ones a moment later
// (reload.go): who reads them does so once for what it decides. Realms come and go with
// it (realms.go). People may drain a callee and pause a pool (control.go), which the
// dealer does, and drain a pool, or all (control_drain.go), which the registrar does.
//
// Who is slow: a session's reader reads no further while half of the other side's
// send buffer is unsent, so that a client and its router keep to one another's
// pace as without wampool. A callee's reader reads no further while what the router
// has not taken of its answers is its share of the pool session's send buffer
// ([transport.Share]); others go on. The pool session is always read: a callee
// that leaves its INVOCATIONs unread is lost once its send buffer is full. A
// caller here that leaves its RESULTs unread ends so too, and its callee never waits
// for it, because others need that one. A peer that takes nothing at all any more
// is ended by [transport.Keepalive].
//
// Who is a stranger: until its WELCOME, and again behind the end of its session,
// a client may send and have waiting little, and has a time to join (join.go). What
// it makes wampool hold later on counts in its account, by what that really takes;
// beyond limits.memory for all of them, the one that holds most is dropped. What the
// pool sessions hold counts too, but ends no client that holds next to nothing.
// Calls that wait in a pool have bounds of their own: queue.limit and queue.bytes.
//
// Locks: realm.mu guards the dealer and its driver, the registrar and the pooled side
// of each session. Under it no message is read, and nothing waits for a peer: sending
// appends to a bounded buffer in memory, and so does the log that the program gives a
// [Proxy], which waits for no reader. Above it is the lock of [Proxy] alone, under which
// a clean stop asks what sessions have in flight. Below it are that of a session's
// INVOCATIONs of the router's own (inflight.go), which each of them takes while it
// passes to a client that is in no pool, those that count lines of the log (rarely.go),
// those of package cluster, which calls nothing of a realm under them, and those of transport. A message that concerns no pool (concerns.go) passes without
// realm.mu.
//
// All pools of a realm share its lock, also those that have no scope in common. For a
// call of 100 bytes it is held for about a microsecond in all, out of two to twenty that
// the call takes of a processor, the rest being system calls, framing and decoding, which
// go on beside it. What a lock of each pool would have to keep apart is common to pools
// by its nature: a callee's session has one counter of request IDs and one limit over
// all its pools, an INTERRUPT or an answer names a session and an ID and no pool, the
// pool session's end is one event for all of them, and the order in which two pools'
// INVOCATIONs have got their IDs must be that in which they are sent. Each would need
// two locks, or three, for most events. Realms share nothing, and sessions of one never
// wait for those of another. How long events wait is counted (lock.go).
//
// A panic is a fault of wampool's own, and must not be a way for one session to
// end the others (contain.go). While a message of a session is handled, it ends
// that session alone, on both sides by close code 1011, with one line in the log
// that has the stack and nothing of the message. Under realm.mu the lock is given
// back, after the realm was brought in order: if the dealer's books agree
// ([dealer.Dealer.Audit]) and all that it had decided was carried out, the realm
// goes on as if nothing had happened. Else its dealer begins anew
// ([driver.Driver.Restart]): callees keep their sessions, registrations and
// unanswered work, the pool sessions stay, and every call that waits or runs is
// answered once, by wamp.error.canceled. So it does after a panic of the clock or
// of a message on a pool session, which is no client's to be ended for. The registrar
// goes on behind the action that has failed; only if it was itself at work, or its
// books disagree ([admission.Registrar.Audit]), it begins anew, and the pool sessions
// with it: callees stay in their pools, and sessions that were on the way to one end.
// Other realms, and what passes by the pools, notice nothing.
//
// What ends the process, for its supervisor to start it again: a realm whose
// books do not agree after that either, a panic in the goroutines of package
// transport that write and ask for signs of life, which handle no messages, and
// what Go can't recover from: no memory, an overflown stack, a map that two
// goroutines write.
//
// Package admin says over HTTP whether all of this is up. Package spans tells
// OpenTelemetry of calls that have ended (spans.go).
package proxy
