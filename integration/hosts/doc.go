// Package hosts runs several sidecars of one pool and a real Crossbar.io, each on a
// host of its own as far as the network goes:
//
//	callers   router    sidecar 1   sidecar 2   sidecar 3
//	Python    Crossbar  wampool     wampool     wampool
//	   │         │      callees     callees     callees
//	   └─────────┴─────────┴───────────┴───────────┘  integration/wire: delay, loss, partition
//
// The hosts are network namespaces that end with the test, and a program in user space
// carries their packets (package wire), for by far not every kernel has the queueing
// disciplines (netem) with which tc would do the same. Where the machine allows no
// namespaces (they need its superuser, nsenter and /dev/net/tun), the hosts are addresses
// of the loopback, which can't be delayed or cut off: a line says so, and what needs
// that is left out.
//
// `make hosts` also measures, at that Crossbar.io: see measure_test.go.
package hosts
