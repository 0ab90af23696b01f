package admin

import (
	"slices"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	bounds := []float64{0.01, 0.1, 1}
	for _, test := range []struct {
		name   string
		counts []uint32
		share  float64
		want   float64 // 0: none
	}{
		{"no call", []uint32{0, 0, 0, 0}, 0.5, 0},
		{"within the first", []uint32{10, 0, 0, 0}, 0.5, 0.005},
		{"at a bound", []uint32{5, 5, 0, 0}, 0.5, 0.01},
		{"between bounds", []uint32{5, 5, 0, 0}, 0.9, 0.01 + 0.09*0.8},
		{"an empty one between", []uint32{1, 0, 1, 0}, 0.99, 0.1 + 0.9*0.98},
		{"beyond all bounds", []uint32{0, 0, 1, 9}, 0.99, 1},
	} {
		got := percentile(test.counts, bounds, test.share)
		if (got == nil) != (test.want == 0) || got != nil && (*got < test.want*0.999 || *got > test.want*1.001) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestRing(t *testing.T) {
	var r ring[int]
	for n := range 7 {
		if r.add(n, 3); r.all()[len(r.all())-1] != n {
			t.Fatalf("the latest of %v is not %d", r.all(), n)
		}
	}
	if got := r.all(); !slices.Equal(got, []int{4, 5, 6}) {
		t.Errorf("kept is %v", got)
	}
}

// counting is a sidecar that has counted.
type counting struct {
	Sidecar
	counts []PoolCounts
}

func (c *counting) Counts() []PoolCounts { return c.counts }

func countsOf(procedure string, received, refused, took uint64) PoolCounts {
	return PoolCounts{
		Realm: "r", Match: "exact", Procedure: procedure, Received: []uint64{received, 0, 0}, Ended: []uint64{received - refused, 0, 0, 0, 0, 0, 0, 0, refused},
		Waiting: 2, Slots: 8, Taken: 3, Bounds: []float64{1, 2}, Histograms: [3][]uint64{{took, 0, 0}, {took, 0, 0}, {0, took, 0}},
	}
}

func TestHistory(t *testing.T) {
	sidecar := &counting{counts: []PoolCounts{countsOf("p", 100, 0, 100), countsOf("gone", 1, 0, 0)}}
	h, now := newHistory(sidecar), time.Unix(1000, 0)
	h.sample(now)
	if past, is := h.of("r", "exact", "p"); !is || len(past.Points) != 0 {
		t.Errorf("after the first sample: %+v, %t", past, is)
	}
	sidecar.counts = []PoolCounts{countsOf("p", 200, 50, 150)}
	now = now.Add(5 * time.Second)
	h.sample(now)
	past, _ := h.of("r", "exact", "p")
	if len(past.Points) != 1 || past.Points[0].Received != 20 || past.Points[0].Refused != 10 || past.Points[0].Ended != 20 || past.Points[0].Time != 1005 || *past.Points[0].CallP50 != 1.5 {
		t.Errorf("the first interval is %+v", past.Points)
	}
	if _, is := h.of("r", "exact", "gone"); is {
		t.Error("what is kept of a pool outlives it")
	}
	rates, took := h.latest(poolKey{"r", "exact", "p"})
	if rates.Refused != 10 || *took.Call.P50 != 1.5 || *took.Wait.P50 != 0.5 {
		t.Errorf("the latest minute is %+v, %+v", rates, took)
	}
	for n := range uint64(100) { // bounded
		sidecar.counts = []PoolCounts{countsOf("p", 200+n, 50, 150)}
		now = now.Add(5 * time.Second)
		h.sample(now)
	}
	if past, _ = h.of("r", "exact", "p"); len(past.Points) != historyPoints || past.Points[0].Time != 1005+5*41 {
		t.Errorf("%d points are kept, from %v on", len(past.Points), past.Points[0].Time)
	}
	if _, took := h.latest(poolKey{"r", "exact", "p"}); took.Call.P50 != nil {
		t.Errorf("in a minute without an end calls took %v", *took.Call.P50)
	}
	sidecar.counts = []PoolCounts{countsOf("p", 1, 0, 0)} // a new pool of the same name
	h.sample(now.Add(5 * time.Second))
	if past, _ := h.of("r", "exact", "p"); len(past.Points) != 0 {
		t.Errorf("a new pool has a history of %d points", len(past.Points))
	}
}
