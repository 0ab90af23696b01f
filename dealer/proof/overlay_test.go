package proof

import (
	"go/format"
	"strings"
	"testing"
)

const source = `package a

const most = 3

func plain(a, b int, more ...string) (int, error) {
	return a + b, nil
}

func (t *T) nothing() {
	t.n++
}
`

// A function that mutants change stands there once more for each of them.
func TestMutantsStandBesideTheFunction(t *testing.T) {
	of := read(t, source)
	for i, m := range []Mutant{{Old: "a + b", New: "a - b"}, {Old: "a + b", New: "a * b"}, {Old: "t.n++", New: "t.n--"}} {
		if err := of.mutate(m, i+1); err != nil {
			t.Fatal(err)
		}
	}
	got, err := format.Source(of.write())
	if err != nil {
		t.Fatal(err)
	}
	want := `package a

const most = 3

func plain(a, b int, more ...string) (int, error) {
	switch mutantNow {
	case 1:
		return plainMutant1(a, b, more...)
	case 2:
		return plainMutant2(a, b, more...)
	}

	return a + b, nil
}

func (t *T) nothing() {
	switch mutantNow {
	case 3:
		t.nothingMutant3()
		return
	}

	t.n++
}

func plainMutant1(a, b int, more ...string) (int, error) {
	return a - b, nil
}

func plainMutant2(a, b int, more ...string) (int, error) {
	return a * b, nil
}

func (t *T) nothingMutant3() {
	t.n--
}
`
	if string(got) != want {
		t.Errorf("%s", got)
	}
}

func TestMutantsThatCannotBe(t *testing.T) {
	for why, m := range map[string]Mutant{
		"0 places":          {Old: "a / b", New: ""},
		"2 places":          {Old: "func", New: ""},
		"outside functions": {Old: "most = 3", New: "most = 4"},
		"it must compile":   {Old: "a + b", New: "a +"},
	} {
		if err := read(t, source).mutate(m, 1); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v instead of: %s", err, why)
		}
	}
}

func read(t *testing.T, source string) *mutated {
	t.Helper()
	s, err := newMutated([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
