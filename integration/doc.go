// Package integration tests wampool with real programs: Crossbar.io and
// fox-wamp as routers, Autobahn|Python, Autobahn|JS and Wampy as callees and
// callers.
//
// setup.sh installs them, pinned, into ignored folders. Each client program
// (clients/) is driven over its standard input and output by lines of JSON, and
// holds any number of sessions; a callee can hold its calls until the test
// releases them, so tests count and order what happens and never sleep.
package integration
