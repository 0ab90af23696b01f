// Package harness is what the packages of tests beside it are written with: it
// starts real routers, real clients and wampool, and waits for what they do.
//
//	TestMain ── Main ── in the end stops what is shared
//
//	        Program (clients/, java/, rust/)             RawSession
//	          Client ── Answer, Event                 message by message
//	             │                                         │
//	             ├──────────────────┐                      │
//	             ▼                  ▼                      │
//	          Wampool ── Tap ──▶ Router ◀──────────────────┘ both as well
//	                             Crossbar, fox-wamp, xconn, jawampa
//
// Each program ([Process]) has a process group of its own, an environment that
// is the same on all machines ([Environment]) and, where it can't choose itself,
// a port of its own ([FreePort]): packages run beside one another. A program
// takes a moment to start, and Crossbar.io seconds, so most are shared by the
// tests of a package (Shared…, [Library]), which keep apart by the names that
// they use; what a test kills is its own (Own…).
//
// Nothing sleeps. A test waits for a line that a program prints
// ([Process.Await]), for the answer to a command, for an event at a client
// ([Client.Next]), or, where nothing is to come, for the answer to something that
// was asked later ([Settled], [Side.Arrived]).
package harness
