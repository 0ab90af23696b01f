package admin

import "time"

// Totals are what has been counted since the start beside calls, and how it is.
type Totals struct {
	Sessions     []SessionCounts
	Ended        []EndCounts
	PoolSessions []LinkCounts
	Registers    []RegisterCounts
	Locks        []LockCounts
	Peers        []PeerCounts // none where this sidecar stands alone

	IsClustered bool
	Members     int // of the cluster, beside this sidecar

	Dropped         map[string]uint64 // clients, by reason
	SendBufferBytes int               // that wait for clients
	HeldBytes       int64             // by all clients
	MemoryBytes     int64             // the most of it

	ConfigsLoaded, ConfigsRefused uint64 // since the start
	ConfigLoadedAt                time.Time
}

// SessionCounts are clients' sessions of a kind.
type SessionCounts struct {
	Realm, Transport, Serializer string
	Open                         int
	Opened                       uint64
}

// EndCounts are sessions that have ended by a cause.
type EndCounts struct {
	Realm, Cause string
	Ended        uint64
}

// LinkCounts are wampool's own sessions at the router that speak one serializer.
type LinkCounts struct {
	Realm, Serializer string
	Up                int
	Joins             uint64
}

// LockCounts are the waits for a realm's lock, under which all decisions of the realm
// are made one after the other.
type LockCounts struct {
	Realm  string
	Bounds []float64 // in seconds, ascending
	Waits  []uint64  // by the first bound that they took no longer than; one count more than bounds
	Sum    float64   // of all waits, in seconds
}

// PeerCounts are the links with other sidecars in a realm.
type PeerCounts struct {
	Realm            string
	To, From         int     // by where calls may go
	RoundTripSeconds float64 // the longest
}

// RegisterCounts are the REGISTERs of a procedure.
type RegisterCounts struct {
	Realm, Pool            string // a pool's name, or other
	Pooled, Passed, Denied uint64
}
