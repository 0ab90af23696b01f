package dealer_test

import (
	"bytes"
	"os"
	"reflect"
	"testing"

	"github.com/wampool/wampool/dealer"
)

// A copy is the same as what it was made of, and stays so whatever happens to
// that: an exploration that went by a copy went by the dealer itself.
func TestCopies(t *testing.T) {
	content, err := os.ReadFile(worldsFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range parseWorlds(t, string(content)) {
		x := newExploration(w)
		for _, e := range w.begin() {
			x.apply(x.begin, e)
		}
		for range 30 {
			events := x.eventsAt(x.begin, 0)
			if len(events) == 0 {
				break
			}
			e := events[(len(events)*7+3)%len(events)]
			x.begin.copyTo(&x.at)
			x.begin.copyTo(&x.next)
			before := print(x.at, w)
			if !bytes.Equal(before, print(x.begin, w)) {
				t.Fatalf("%s: a copy is another one", w.name)
			}
			if got, want := x.at.d.Pools(), x.begin.d.Pools(); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: %+v instead of %+v", w.name, got, want)
			}
			x.apply(x.begin, e)
			if !bytes.Equal(print(x.at, w), before) {
				t.Fatalf("%s: %s changes a copy", w.name, e)
			}
			x.apply(x.next, e)
			if !bytes.Equal(print(x.next, w), print(x.begin, w)) {
				t.Fatalf("%s: a copy takes %s otherwise", w.name, e)
			}
		}
	}
}

func print(p position, w *smallWorld) []byte {
	return p.b.appendFingerprint(p.d.AppendFingerprint(nil, w.exact))
}

// What it costs to come to a state that is ten events away.
func BenchmarkReachState(b *testing.B) {
	content, err := os.ReadFile(worldsFile)
	if err != nil {
		b.Fatal(err)
	}
	w := parseWorlds(nil, string(content))[0]
	x := newExploration(w)
	for _, e := range w.begin() {
		x.apply(x.begin, e)
	}
	ten := position{d: dealer.New(1)}
	x.begin.copyTo(&ten)
	var way []event
	for n := range 10 {
		events := x.eventsAt(ten, 0)
		way = append(way, events[(n*5)%len(events)])
		x.apply(ten, way[n])
	}
	b.Run("replayed", func(b *testing.B) {
		for b.Loop() {
			x.begin.copyTo(&x.at)
			for _, e := range way {
				x.apply(x.at, e)
			}
		}
	})
	b.Run("copied", func(b *testing.B) {
		for b.Loop() {
			ten.copyTo(&x.at)
		}
	})
}
