package dealer_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/proof"
)

// A copy is the same as what it was made of, and stays so whatever happens to
// that: an exploration that went by a copy went by the dealer itself.
func TestCopies(t *testing.T) {
	for _, of := range proof.ReadWorlds(t, worldsFile) {
		w := readWorld(t, of)
		s := newStage(w)
		for range 30 {
			events := s.begin.Events()
			if len(events) == 0 {
				break
			}
			e := events[(len(events)*7+3)%len(events)]
			s.begin.copyTo(s.at)
			s.begin.copyTo(s.next)
			before := s.at.Print(nil)
			if !bytes.Equal(before, s.begin.Print(nil)) {
				t.Fatalf("%s: a copy is another one", of.Name)
			}
			if got, want := s.at.d.Pools(), s.begin.d.Pools(); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: %+v instead of %+v", of.Name, got, want)
			}
			s.begin.apply(e)
			if !bytes.Equal(s.at.Print(nil), before) {
				t.Fatalf("%s: %s changes a copy", of.Name, e)
			}
			s.next.apply(e)
			if !bytes.Equal(s.next.Print(nil), s.begin.Print(nil)) {
				t.Fatalf("%s: a copy takes %s otherwise", of.Name, e)
			}
		}
	}
}

// What it costs to come to a state that is ten events away.
func BenchmarkReachState(b *testing.B) {
	s := newStage(readWorld(b, proof.ReadWorlds(b, worldsFile)[0]))
	ten := &position{s: s, d: dealer.New(1)}
	s.begin.copyTo(ten)
	var way []event
	for n := range 10 {
		events := ten.Events()
		way = append(way, events[(n*5)%len(events)])
		ten.apply(way[n])
	}
	b.Run("replayed", func(b *testing.B) {
		for b.Loop() {
			s.begin.copyTo(s.at)
			for _, e := range way {
				s.at.apply(e)
			}
		}
	})
	b.Run("copied", func(b *testing.B) {
		for b.Loop() {
			ten.copyTo(s.at)
		}
	})
}
