package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
)

// What a node tells of itself by the membership. Keys that are not known mean nothing.
type meta struct {
	Version  int    `json:"v"`
	Node     string `json:"node"`
	Link     string `json:"link"` // the URL at which it is dialed
	Draining bool   `json:"draining,omitempty"`
}

// The version of links. Those whose versions are one apart understand one another.
const version = 1

// maxMetaBytes is the most that memberlist carries of a node.
const maxMetaBytes = 512

// compatible tells whether a peer of that version can be linked with.
func compatible(v int) bool { return v >= version-1 && v <= version+1 }

func (m *meta) encode() []byte {
	b, err := json.Marshal(m)
	if err != nil || len(b) > maxMetaBytes {
		panic(fmt.Sprintf("cluster: what a node tells of itself must have %d bytes at most", maxMetaBytes))
	}
	return b
}

// decodeMeta reads what a node tells of itself.
func decodeMeta(b []byte) (Peer, error) {
	var m meta
	if err := json.Unmarshal(b, &m); err != nil {
		return Peer{}, errors.New("what it tells of itself is not JSON")
	}
	node, err := ParseNode(m.Node)
	if err != nil {
		return Peer{}, err
	}
	u, err := url.Parse(m.Link)
	if err != nil || u.Scheme != "rs" && u.Scheme != "rss" || u.Port() == "" || u.Hostname() == "" {
		return Peer{}, errors.New("the address of its links is not a URL like rs://10.0.0.7:7947")
	}
	return Peer{Node: node, Version: m.Version, URL: m.Link, Draining: m.Draining}, nil
}

// Peer is another sidecar, as the membership has it.
type Peer struct {
	Node     Node
	Version  int
	URL      string // where it is dialed
	Draining bool   // it is about to leave
}
