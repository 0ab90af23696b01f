// Package spans tells of calls that have ended as spans of OpenTelemetry, and sends
// them by OTLP to where the OTEL_ variables of its specification say.
//
//	realm, under its lock ──Add──▶ pending, bounded ──▶ run ──▶ spans ──▶ queue of the
//	                               (full: lost)                           SDK, bounded
//	                                                                         │
//	collector ◀── OTLP ── delivery (an error: lost, and one line of the log) ◀──┘
//
// Whether a call is sampled is found out first (Sample), and those that are not cost no
// more than that. Add appends to a list in memory and waits for nobody. All the rest is
// done by one goroutine, several calls at a time, and by those of the SDK. Where the
// collector is too slow, run waits for the SDK's queue, the list fills, and calls are
// lost to tracing, which is counted and told at most once a minute.
//
// A call is a span of kind server, from its arrival until it neither waits nor holds a
// slot. Its children are wait, if it has waited, and run, of kind client, if a callee
// had it. Names and attributes follow the semantic conventions for RPC; what those have
// no word for begins with wamp or wampool.
package spans
