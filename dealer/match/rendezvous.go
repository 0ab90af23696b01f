package match

import (
	"encoding/binary"
	"slices"
)

// Node names a sidecar: 128 random bits of each start.
type Node [16]byte

// Pool names a pool: how it matches (as in REGISTER.Options.match), and its URI.
type Pool struct{ Match, URI string }

// First returns who is the matchmaker of a pool: of these nodes the first by
// rendezvous hash, in whatever order they are given. Who knows the same nodes finds
// the same one, and when a node goes only its own pools move. It is false if there
// is no node. It takes O(n).
func First(pool Pool, nodes []Node) (first Node, found bool) {
	h, best := pool.hash(), uint64(0)
	for _, n := range nodes {
		if weight := n.weight(h); !found || weight > best || weight == best && slices.Compare(n[:], first[:]) > 0 {
			first, best, found = n, weight, true
		}
	}
	return first, found
}

// hash is FNV-1a of the pool's name. All sidecars must agree on it, whatever their
// version.
func (p Pool) hash() uint64 {
	h := uint64(14695981039346656037)
	for _, s := range [...]string{p.Match, "\x00", p.URI} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
	}
	return h
}

// weight is a node's for a pool, by Vigna's splitmix64.
func (n Node) weight(pool uint64) uint64 {
	h := mix(pool ^ binary.BigEndian.Uint64(n[:8]))
	return mix(h ^ binary.BigEndian.Uint64(n[8:]))
}

func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
