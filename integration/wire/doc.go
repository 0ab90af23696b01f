// Package wire gives programs hosts of their own, as far as the network goes, and
// carries the packets between them: network namespaces, each of which ends with who
// started it and has one interface beside its loopback, a TUN device. So links can be
// delayed, lossy, slow and cut off, one way or both, and nothing but /dev/net/tun is
// asked of the kernel: queueing disciplines (netem, prio), by which tc does the like,
// are missing in many.
package wire
