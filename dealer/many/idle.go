package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/fxamacker/cbor/v2"

	"github.com/wampool/wampool/dealer/match"
)

// What is around an EVENT: the prefix of RawSocket, a TLS record, and TCP and IP with
// timestamps.
const aroundEvent = 4 + 22 + 52

// memberlistBytes is what a node of 100 sends in a second for membership, as measured
// with memberlist's defaults for a LAN, encrypted, the answers over TCP included.
const memberlistBytes = 406

// idlePools reckons what each of 100 sidecars sends that serve 1000 pools together and
// have nothing to do: each load once every ten seconds, those for one matchmaker
// together.
func idlePools(seed uint64) ([]reading, []string) {
	random := rand.New(rand.NewPCG(seed, 3))
	nodes := make([]match.Node, 100)
	for i := range nodes {
		binary.BigEndian.PutUint64(nodes[i][:], random.Uint64())
		binary.BigEndian.PutUint64(nodes[i][8:], random.Uint64())
	}
	loads := make(map[match.Node][]any) // what the first node says to each
	for n := range 1000 {
		pool := match.Pool{Match: "exact", URI: fmt.Sprintf("com.example.service.procedure%04d", n)}
		maker, _ := match.First(pool, nodes)
		if maker != nodes[0] {
			loads[maker] = append(loads[maker], pool.Match, pool.URI, 1<<20+n, 8, 0, 0, 1<<20)
		}
	}
	bytes := 0
	for _, arguments := range loads {
		event, err := cbor.Marshal([]any{36, uint64(1 << 40), uint64(1 << 40), map[string]any{}, arguments})
		if err != nil {
			return nil, []string{err.Error()}
		}
		bytes += len(event) + aroundEvent
	}
	perSecond := float64(bytes)/match.Repeat.Seconds() + memberlistBytes
	return []reading{{"sent by each sidecar", "kB/s", perSecond / 1000, 10}}, nil
}
