// Package router is a small WAMP router in-process, for trying out and for
// tests only: it authenticates nobody, authorizes everything, keeps nothing,
// and refuses to listen anywhere but on a loopback address.
//
// It speaks the basic profile over WebSocket in JSON, MessagePack and CBOR:
// sessions, exact registrations and calls, exact subscriptions and events, and
// of the advanced profile call canceling, progressive calls and results, shared
// registrations, caller identification, payload passthru and publisher exclusion. WELCOME announces
// just these.
//
//	caller ──CALL──▶ session ──▶ realm: one lock ── dealer ──▶ driver ──INVOCATION──▶ callee
//	caller ◀──RESULT, ERROR── driver ◀── dealer ── realm ◀── session ◀──YIELD, ERROR── callee
//
// Its procedure calls are decided by package dealer and carried out by package
// driver, as the calls that the sidecar answers itself: each procedure is a pool with the policy of who registered
// it first, no limit and no queue, and each session a local origin of calls. Its topics are in
// topic.go.
//
// It is strict, so that what works here works at other routers too: request
// IDs must come in sequence, options must have their types, payloads must be
// well formed; whoever breaks the protocol gets ABORT.
package router
