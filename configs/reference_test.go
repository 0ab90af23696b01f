package configs

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"testing"
)

// notYet are the names in the reference for what wampool can't do yet. They are
// refused like any other unknown name: nobody is to believe that they work.
var notYet []string

// TestReference reads the file that names every block and attribute, where it
// lies beside this tree.
func TestReference(t *testing.T) {
	const reference = "../../shared/reference.hcl"
	if _, err := os.Stat(reference); err != nil {
		t.Logf("%v: nothing to read", err)
		return
	}
	_, err := Load(reference)
	var refused Diagnostics
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	unknown := regexp.MustCompile(`^unknown (?:block|attribute) "(\w+)"`)
	var names []string
	for _, d := range refused {
		name := unknown.FindStringSubmatch(d.Summary)
		if name == nil || !slices.Contains(notYet, name[1]) {
			t.Errorf("%s:%d: %s", d.Filename, d.Line, d.Summary)
			continue
		}
		names = append(names, name[1])
	}
	if !slices.Equal(names, notYet) {
		t.Errorf("not known yet: %q; this test lists %q", names, notYet)
	}
}
