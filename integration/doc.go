// Package integration tests wampool with real programs: Crossbar.io, fox-wamp,
// xconn and jawampa as routers, Autobahn|Python, Autobahn|JS, Wampy, autobahn-java
// and wamp_async (Rust) as callees and callers, in a browser too.
//
// setup.sh installs them, pinned, into ignored folders, and setup_optional.sh
// what not everybody's machine can have. Each client program
// (clients/) is driven over its standard input and output by lines of JSON, and
// holds any number of sessions; a callee can hold its calls until the test
// releases them, so tests count and order what happens and never sleep.
//
// Beside such stories there is a list of behaviours (behaviour_test.go), told
// with bare messages and tried at each router; go test -router URL tries them at
// one that runs already, -bare at the routers alone too.
package integration
