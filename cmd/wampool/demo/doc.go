// Package demo shows wampool at work, in one process and with nothing
// installed: a router (package router), the sidecar in front of it by the same
// code path as "wampool run", three callees of different capacity that join
// through the sidecar, and callers at the router.
//
//	callers ──▶ router ──▶ wampool ──▶ callee A, 2 calls at once, JSON
//	                          │   └──▶ callee B, 4 calls at once, MessagePack
//	                        queue └──▶ callee C, 8 calls at once, CBOR
//
// All of them speak over sockets. The callers call less than the callees can
// take, then much more, so that the queue fills and calls are refused, then
// less again (load.go). Meanwhile a table is drawn (table.go), or a line a
// second printed where there is no terminal. The summary at the end (summary.go)
// is no wampool's word: callers count what they sent and got, and callees what
// they had in flight.
package demo
