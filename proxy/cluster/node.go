package cluster

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/fnv"

	"github.com/wampool/wampool/dealer/match"
)

// Node is a sidecar from its start to its end: 128 random bits.
type Node = match.Node

// newNode returns a node that nobody else is.
func newNode() (n Node) {
	_, _ = rand.Read(n[:]) // it never fails
	return n
}

// Text returns a node's name as it is written: 32 hex digits.
func Text(n Node) string { return hex.EncodeToString(n[:]) }

// brief is enough of it for people.
func brief(n Node) string { return Text(n)[:8] }

var errNode = errors.New("a node must be 32 hex digits")

// ParseNode reads a node's name.
func ParseNode(text string) (n Node, err error) {
	if len(text) != hex.EncodedLen(len(n)) {
		return n, errNode
	}
	if _, err := hex.Decode(n[:], []byte(text)); err != nil {
		return Node{}, errNode
	}
	return n, nil
}

// distance is how far two nodes are from one another: the same, whoever asks.
func distance(a, b Node) uint64 {
	if string(b[:]) < string(a[:]) {
		a, b = b, a
	}
	h := fnv.New64a()
	_, _ = h.Write(a[:])
	_, _ = h.Write(b[:])
	var sum [8]byte
	return binary.BigEndian.Uint64(h.Sum(sum[:0]))
}
