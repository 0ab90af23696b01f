// Command weather runs wampool for a while the way that nobody wants it to be
// run, and keeps the books meanwhile:
//
//	go run ./integration/weather -for 10m
//
// Real programs are hosts of their own, in network namespaces that end with this
// program (host_linux.go): Crossbar.io, wampool, callees and callers by
// Autobahn|Python, Autobahn|JS, Wampy and wampool's own client. The packets
// between them go through this program (wire.go), which delays, loses, reorders
// and cuts them off, so that nothing but /dev/net/tun is asked of the kernel.
//
//	callers ──┐                    ┌── workers
//	           ╲   ┌────────────┐ ╱
//	            ╲──┤    wire    ├╱
//	            ╱──┤            ├╲
//	           ╱   └────────────┘ ╲
//	router ───┘                    └── sidecar
//
// The weather (forecast_linux.go) is drawn from a seed: delay, loss, reordering, little
// room and partition of links, both ways and one way alone; SIGSTOP, kill -9, SIGTERM
// and restarts of each program; a full disk behind wampool's log; no file descriptor
// left; another configuration by SIGHUP; steps of the clock that wampool goes by
// (clock_linux.go), for that of the machine is everybody's. wampool lives in a memory
// cgroup throughout. What the machine can't do is left out, and said, at the start and
// in the end.
//
// The ledger (ledger.go) holds what callers and callees say of themselves:
// each call that was sent has one answer, or its caller's connection was lost;
// no call ran twice; no callee had more calls at once than its slots; every
// payload came back as it went; memory and descriptors are flat. Where it does
// not balance, the program exits with 1 and names the seed.
package main
