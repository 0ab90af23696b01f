// Many simulates sidecars that serve one procedure together: real dealers and real
// matchmakers (package match), and around them a router that deals calls one to each
// session in turn, callees, links with their delays, and what happens to all of
// these. It brings the same calls to one ideal queue for all slots, and to the same
// sidecars without links, and tells how they compare:
//
//	go run ./dealer/many [-seeds 5] [-seed N] [-only NAME]
//
// Everything is by events and a seed, so a run can be repeated. Checkers that know
// nothing of the dealers look on all the time: each call is answered once and run once at most,
// it travels once, no callee has more calls than slots, and when all is quiet nobody
// waits.
//
//	clock ◀── traffic.go   calls, and what an ideal queue makes of them
//	  │   ◀── world.go     the router, and who is there
//	  │         └─ sidecar.go   dealer, callee, matchmaker, and what is told
//	  │              └─ wire.go   from one to another
//	  │   ◀── fault.go     what is lost, and when
//	  └─▶ check.go, figures.go ──▶ bars.go   the table
//
// Not simulated is what the processors take.
package main
