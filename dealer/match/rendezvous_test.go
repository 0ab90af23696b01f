package match_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/wampool/wampool/dealer/match"
)

func manyNodes(n int) (nodes []match.Node) {
	for i := range n {
		var id match.Node
		binary.BigEndian.PutUint64(id[8:], uint64(i)*0x9e3779b97f4a7c15)
		nodes = append(nodes, id)
	}
	return nodes
}

func manyPools(n int) (pools []match.Pool) {
	for i := range n {
		pools = append(pools, match.Pool{Match: "exact", URI: fmt.Sprintf("com.example.service%d", i)})
	}
	return pools
}

// Who goes takes nobody's pools along but its own, which spread over all others.
func TestFirstMovesOnlyWhatItMust(t *testing.T) {
	nodes, had := manyNodes(20), make(map[match.Node]int)
	gone := nodes[7]
	rest := slices.Delete(slices.Clone(nodes), 7, 8)
	heirs := make(map[match.Node]bool)
	for _, p := range manyPools(2000) {
		before, _ := match.First(p, nodes)
		after, _ := match.First(p, rest)
		if had[before]++; before != gone && after != before {
			t.Fatalf("%v moved from %x to %x", p, before, after)
		}
		if before == gone {
			heirs[after] = true
		}
		slices.Reverse(nodes)
		if again, _ := match.First(p, nodes); again != before {
			t.Fatal("the order of the nodes matters")
		}
	}
	for n, pools := range had {
		if pools < 60 || pools > 150 {
			t.Errorf("%x has %d pools of 2000", n, pools)
		}
	}
	if len(heirs) < 15 {
		t.Errorf("the pools of who has gone went to %d nodes", len(heirs))
	}
}

// All versions must agree.
func TestFirstIsWhatItWas(t *testing.T) {
	for i, want := range []int{4, 2, 0, 5} {
		first, found := match.First(match.Pool{Match: "prefix", URI: fmt.Sprintf("com.example.%d", i)}, manyNodes(9))
		if got := slices.Index(manyNodes(9), first); !found || got != want {
			t.Errorf("pool %d: node %d, want %d", i, got, want)
		}
	}
	if _, found := match.First(pool, nil); found {
		t.Error("there is a first of nobody")
	}
}
