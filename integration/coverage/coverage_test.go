package main

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestProfileAndList(t *testing.T) {
	t.Chdir(t.TempDir())
	const code = "package a\n\nfunc (t *T) F(x bool) {\n\tif x {\n\t\tf()\n\t}\n\tif x {\n\t\tf()\n\t}\n}\n\nvar g = func() { f() }\n"
	if err := os.WriteFile("a.go", []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	profile := filepath.Join(t.TempDir(), "profile")
	blocks := []string{"mode: set", "a.go:4.7,6.3 1 0", "a.go:7.7,9.3 1 0", "a.go:12.17,12.22 1 0", "a.go:12.17,12.22 1 1", "a.go:3.23,4.7 1 0"}
	text := strings.ReplaceAll(strings.Join(blocks, "\n"), "a.go", module+"a.go")
	if err := os.WriteFile(profile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := readProfile(profile)
	if err != nil {
		t.Fatal(err)
	}
	if err := describe(read); err != nil {
		t.Fatal(err)
	}
	list := "# why\na.go T.F: func (t *T) F(x bool) {\na.go T.F: if x { #2\na.go -: var g = func() { f() }\na.go T.G: gone\n"
	listed, err := readList(bufio.NewScanner(strings.NewReader(list)))
	if err != nil {
		t.Fatal(err)
	}
	d := differ(read, listed)
	if d.blocks != 4 || d.agree() || len(d.unreached) != 1 || d.unreached[0].name != "a.go T.F: if x {" || d.unreached[0].line != 4 {
		t.Errorf("unreached: %+v", d.unreached)
	}
	if !slices.Equal(d.unknown, []string{"a.go T.G: gone"}) || !slices.Equal(d.reached, []string{"a.go -: var g = func() { f() }"}) {
		t.Errorf("unknown %q, reached %q", d.unknown, d.reached)
	}
}

func TestListsThatAreNone(t *testing.T) {
	for _, list := range []string{"a.go F: x\n", "# why\n\na.go F: x\n", "# why\na.go F: x\na.go F: x\n"} {
		if listed, err := readList(bufio.NewScanner(strings.NewReader(list))); err == nil {
			t.Errorf("%q: %v", list, listed)
		}
	}
}
