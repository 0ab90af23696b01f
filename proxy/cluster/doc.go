// Package cluster finds a sidecar's peers, the other sidecars that serve the same
// procedures, and links it with them.
//
//	          memberlist: who is there, at which address, of which version
//	              │
//	Members ──────┴──▶ Cluster ──┬── dials each peer, for each realm ──▶ [Host.Supply]
//	                             └── is dialed by them ────────────────▶ [Host.Take]
//
// What a link is for, its ends tell by who has dialed it. WAMP's INVOCATIONs and EVENTs
// go from a router to its clients, so on a link they go from the one that listens to the
// one that has dialed it, and YIELD and ERROR back. Who listens is the taker: it has
// taken calls from the router, and lets the other one have some of them. Who has dialed
// is the supplier, whose callees answer them. Two peers have a link in each direction.
//
//	supplier                                  taker
//	   │── HELLO realm, x_wampool {…} ──────────▶│  v, node, authrole, nonce
//	   │◀───────────── CHALLENGE wampcra ────────│  both nodes, the realm, another nonce
//	   │── AUTHENTICATE ────────────────────────▶│  signed by the key of links
//	   │◀───────────── WELCOME x_wampool {…} ────│  and the taker's own proof that it has it
//	   │◀═ INVOCATION, INTERRUPT, EVENT ═════════│
//	   │══ YIELD, ERROR ════════════════════════▶│
//
// It is a RawSocket with CBOR. A node is 128 random bits of each start, so that a link
// never is with another process than the one that was meant: not with one that was
// restarted at the same address, not with this one itself. Peers of this version, the
// one before and the next one are linked; unknown keys mean nothing.
//
// Keys are derived from the cluster's secret and name, one for the gossip and one for
// links (keys.go). Until WELCOME a peer is a stranger: it has a time to join, and may
// send and have waiting 64 KiB. Afterwards its bytes are checked by who reads them.
//
// Up to 32 peers are dialed at once, those that are nearest by a hash that both sides of
// a link find alike; the others on need ([Cluster.Need]), or once they have dialed. A
// link that ends is dialed again with growing pauses. The taker pings each second: after
// three pings without an answer the link is lost, and for the supplier when it has heard
// none for as long. What the answers take is the link's round trip.
//
// The membership decides who is dialed, never who is lost: a link that stands is the
// better proof.
package cluster
