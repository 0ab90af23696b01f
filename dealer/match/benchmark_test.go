package match_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wampool/wampool/dealer/match"
)

// BenchmarkReport is a load by one of so many nodes with one pool. Each has a call that
// waits and a slot in turn, and half of all loads are matched.
func BenchmarkReport(b *testing.B) {
	for _, n := range []int{11, 101, 1001} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m, nodes, now, seq := match.New(match.Limits{}), manyNodes(n), time.Duration(0), uint64(0)
			for _, node := range nodes {
				seq++
				m.Report(now, node, pool, match.Load{Seq: seq, Waiting: 1, Oldest: time.Duration(seq)})
			}
			matched, at := 0, 0
			b.ReportAllocs()
			for b.Loop() {
				at, now, seq = (at+1)%n, now+50*time.Microsecond, seq+1
				load := match.Load{Seq: seq, Waiting: 1, Oldest: 5 * ms, Matched: seq}
				if seq%2 == 0 {
					load = match.Load{Seq: seq, Free: 1, Matched: seq}
				}
				matched += len(m.Report(now, nodes[at], pool, load))
			}
			b.ReportMetric(float64(matched)/float64(b.N), "matches/op")
		})
	}
}

// BenchmarkFirst is to find the matchmaker of a pool.
func BenchmarkFirst(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			nodes := manyNodes(n)
			for b.Loop() {
				match.First(pool, nodes)
			}
		})
	}
}
