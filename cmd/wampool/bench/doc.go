// Package bench measures a WAMP router, or what stands before it: it plays
// callees that answer, and callers that keep calls in flight, over any URL.
//
//	Callers ──CALL──▶ router, wampool, … ──INVOCATION──▶ Callees
//	        ◀─RESULT─                     ◀────YIELD────
//
// Both are as lean as can be, so that they measure the other side: each
// connection has one goroutine, which handles what one read of the socket
// brought and then flushes once. Calls at a rate are sent by who asks for them, and
// a callee's work is a timer for each call; nothing else is allocated for one. Every call is
// accounted for: what was sent is what was answered, by RESULT or by ERROR,
// and what was lost. The first session that is lost ends a measurement.
package bench
