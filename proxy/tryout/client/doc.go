// Package client is a small WAMP client over WebSocket in JSON, MessagePack or
// CBOR: it registers, calls, cancels, subscribes and publishes. It serves the
// demo, benchmarks and tests; an application is better off with a full client
// of its language.
//
//	Call, Register, … ──▶ request table ──▶ Conn ──▶ router
//	                          ▲                         │
//	run, the one reader ──────┴── RESULT, ERROR, … ◀────┤
//	      └──▶ a goroutine for each INVOCATION ◀────────┘
//	               └── YIELD, ERROR ──▶ Conn
//
// Requests are numbered and written under one lock, so their IDs are in order
// on the wire, without a gap ("IDs", #name-ids). It does not reconnect: when [Client.Done] is closed, it is over.
package client
