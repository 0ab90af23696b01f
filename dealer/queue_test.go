package dealer

import (
	"slices"
	"testing"
)

// FuzzQueue holds the queue against a list. Each byte is a step: its low bits say what
// happens, and its high bits to which call: it comes, is handed on, is taken away, or
// is put back where it was.
func FuzzQueue(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 1, 0x12, 0x22, 3, 3, 0, 0x32, 1, 3})
	f.Add([]byte{0, 1, 2, 0x12, 3, 3, 2, 2, 3, 0, 0, 0x12, 2, 3, 0x13})
	f.Fuzz(func(t *testing.T, steps []byte) {
		table, q := newTable(), newQueue()
		var waiting, away []callIndex // waiting: in order
		order := func(i callIndex) (handed int, turn uint64) {
			c := table.at(i)
			if !c.handed {
				handed = 1
			}
			return handed, c.turn
		}
		sorted := func() {
			slices.SortFunc(waiting, func(a, b callIndex) int {
				x, m := order(a)
				y, n := order(b)
				if x != y {
					return x - y
				}
				return int(m) - int(n)
			})
		}
		for _, step := range steps[:min(len(steps), 300)] {
			at := int(step >> 4)
			switch step & 3 {
			case 0, 1:
				i := table.place()
				*table.at(i) = call{handed: step&3 == 1}
				if step&3 == 1 {
					q.pushHanded(&table, i)
				} else {
					q.push(&table, i)
				}
				waiting = append(waiting, i)
			case 2:
				if len(waiting) > 0 {
					i := waiting[at%len(waiting)]
					q.remove(&table, i)
					waiting = slices.DeleteFunc(waiting, func(other callIndex) bool { return other == i })
					away = append(away, i)
				}
			case 3:
				if len(away) > 0 {
					i := away[at%len(away)]
					q.putBack(&table, i)
					away = slices.DeleteFunc(away, func(other callIndex) bool { return other == i })
					waiting = append(waiting, i)
				}
			}
			sorted()
			checkQueue(t, &table, &q, waiting)
		}
	})
}

func checkQueue(t *testing.T, table *table, q *queue, want []callIndex) {
	t.Helper()
	var got []callIndex
	last, handed := noCall, noCall
	for i := q.head; i != noCall && len(got) <= len(want); i = table.at(i).after {
		if table.at(i).before != last {
			t.Fatalf("call %d does not stand behind %d", i, last)
		}
		got = append(got, i)
		if last = i; table.at(i).handed {
			handed = i
		}
	}
	if !slices.Equal(got, want) || q.length != len(want) || q.tail != last || q.handed != handed {
		t.Fatalf("%v wait, of %d, up to %d, handed on up to %d; want %v, handed on up to %d", got, q.length, q.tail, q.handed, want, handed)
	}
	if n := len(want) / 2; n > 0 && q.nth(table, n) != want[n] {
		t.Fatalf("%d is behind %d others, not %d", q.nth(table, n), n, want[n])
	}
}
