package proxy

import (
	"fmt"
	"slices"
	"testing"

	"github.com/wampool/wampool/codec"
)

// hostileShapes are sound messages of all types, as a client with one call in a
// pool may send them; each is cut, mistyped and lengthened in every element.
// elements tells what each must be: i an ID, t a type of message, d a dictionary, u a
// URI, a arguments, k keyword arguments, and others whatever they like.
var hostileShapes = []struct {
	elements string
	message  list
}{
	{"tsd", list{1, "realm1", dict{"roles", dict{}}}},
	{"tid", list{2, 7, dict{"roles", dict{}}}},
	{"tdu", list{3, dict{}, "wamp.error.canceled"}},
	{"tsd", list{4, "ticket", dict{}}},
	{"tsd", list{5, "signature", dict{}}},
	{"tdu", list{6, dict{}, "wamp.close.close_realm"}},
	{"ttiduak", list{8, 68, 1, dict{}, "com.example.error", list{1}, dict{"a", 1}}},
	{"tiduak", list{16, 2, dict{}, "com.example.topic", list{1}, dict{"a", 1}}},
	{"tii", list{17, 2, 3}},
	{"tidu", list{32, 2, dict{}, "com.example.topic"}},
	{"tii", list{33, 2, 3}},
	{"tii", list{34, 2, 3}},
	{"ti", list{35, 2}},
	{"tiidak", list{36, 2, 3, dict{}, list{1}, dict{"a", 1}}},
	{"tiduak", list{48, 2, dict{}, "com.example.q", list{1}, dict{"a", 1}}},
	{"tid", list{49, 2, dict{}}},
	{"tidak", list{50, 2, dict{}, list{1}, dict{"a", 1}}},
	{"tidu", list{64, 2, dict{}, "com.example.q"}},
	{"tii", list{65, 2, 3}},
	{"tii", list{66, 2, 3}},
	{"ti", list{67, 2}},
	{"tiidak", list{68, 2, 3, dict{}, list{1}, dict{"a", 1}}},
	{"tid", list{69, 2, dict{}}},
	{"tidak", list{70, 1, dict{}, list{1}, dict{"a", 1}}},
}

// wrong are values that take the place of an element, and the elements that may
// be so.
var wrong = []struct {
	name   string
	value  any
	sound  string
	binary bool // JSON has none
}{
	{"true", true, "", false},
	{"0", 0, "", false},
	{"-1", -1, "", false},
	{"2^53+1", uint64(codec.MaxID + 1), "", false},
	{"1.5", 1.5, "", false},
	{"no text", "", "", false},
	{"binary", []byte("\xff\x00"), "", true},
	{"null", nil, "ak", false},
	{"a list", list{}, "a", false},
	{"a dictionary", dict{}, "dk", false},
	{"a dictionary with bad UTF-8", dict{"a", "\xff"}, "", false},
}

// shape is a message made of a sound one.
type shape struct {
	name  string
	raw   []byte
	sound bool
	unfit bool // only its payload is wrong
	want  outcome
}

// shapesOf makes all shapes of a sound message.
func shapesOf(s codec.Serializer, elements string, message list) []shape {
	of := codec.MessageType(message[0].(int))
	var shapes []shape
	unfit := false
	add := func(raw []byte, sound, typed bool, format string, args ...any) {
		shapes = append(shapes, shape{
			fmt.Sprintf("%s %s", of, fmt.Sprintf(format, args...)), raw, sound, unfit, wanted(of, sound, unfit, typed),
		})
	}
	whole := wire(s, message)
	add(whole, true, true, "as it should be")
	unfit = s != codec.JSON && mandatory(elements) < len(message) // its last byte is the payload's
	add(whole[:len(whole)-1], false, true, "less its last byte")
	unfit = false
	add(append(slices.Clip(whole), wire(s, 1)...), false, true, "and one more value")
	add(wire(s, append(slices.Clip(message), 1)), false, true, "with one element more")
	for i := range message {
		unfit = false
		add(wire(s, message[:i]), i >= mandatory(elements), i > 0, "cut to %d elements", i)
		for _, w := range wrong {
			if w.binary && s == codec.JSON {
				continue
			}
			broken := slices.Clone(message)
			broken[i] = w.value
			unfit = elements[i] == 'a' || elements[i] == 'k'
			add(wire(s, broken), i > 0 && slices.Contains([]byte(w.sound), elements[i]), i > 0, "with %s as element %d", w.name, i)
		}
	}
	return shapes
}

// mandatory counts the elements that a message can't be without.
func mandatory(elements string) int {
	n := 0
	for _, element := range elements {
		if element != 'a' && element != 'k' {
			n++
		}
	}
	return n
}

// wanted is what comes of a message from a client with one call. What is not
// about a pool is its own router's to judge, well formed or not.
func wanted(of codec.MessageType, sound, unfit, typed bool) outcome {
	switch {
	case !typed:
		return passed
	case of == codec.TypeGoodbye || of == codec.TypeAbort:
		return parted
	case of != codec.TypeYield && of != codec.TypeError:
		return passed
	case sound:
		return answered
	case unfit:
		return spoiled
	}
	return aborted
}

// TestHostileShapes lets a client in a pool send messages of all types, with
// something wrong in each part of them. It is brought anew whenever it has been
// aborted, or its call is answered.
func TestHostileShapes(t *testing.T) {
	cases := 0
	overAll(t, func(t *testing.T, s codec.Serializer, over string) {
		a := newArena(t, s, over)
		var x *attacker
		at := ""
		defer func() {
			if t.Failed() {
				t.Log("at " + at)
			}
		}()
		for _, h := range hostileShapes {
			for _, shape := range shapesOf(s, h.elements, h.message) {
				if x == nil {
					x = a.bring(t, busy)
				}
				cases++
				at = shape.name
				goesOn := x.does(shape.raw, shape.want)
				if goesOn && x.call == 0 {
					x.goesOn(t)
				}
				if !goesOn || x.call == 0 {
					x = nil
				}
			}
		}
	})
	t.Logf("%d cases", cases)
}
