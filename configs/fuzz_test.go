package configs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// wantPrintable asserts that what is printed of a configuration says the same.
func wantPrintable(t *testing.T, c *Config) {
	t.Helper()
	printed := c.HCL()
	for name, text := range map[string][]byte{"printed.hcl": printed, "printed.hcl.json": c.JSON()} {
		again, err := Parse(text, name)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if other := again.HCL(); string(other) != string(printed) {
			t.Errorf("%s reads as\n%s\nwhere it was\n%s", name, other, printed)
		}
	}
}

// FuzzParse wants of any input: a whole Config or Diagnostics that can be
// shown, and nothing of a secret's line beyond its name.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"examples/*.hcl", "testdata/*.hcl*"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := Parse(src, "fuzz/wampool.conf") // HCL or JSON, by its first letter
		if err == nil {
			if c.Router.URL == "" || len(c.Listen) == 0 || c.DrainTimeout < 0 || c.Limits.MessageBytes < minBytes {
				t.Errorf("accepted incomplete: %+v", c)
			}
			for _, l := range c.Listen {
				if (l.Host() == "") != strings.HasPrefix(l.URL, "unix:") || !strings.HasPrefix(l.Path(), "/") {
					t.Errorf("accepted %q", l.URL)
				}
			}
			wantPrintable(t, c)
			return
		}
		ds := (Diagnostics)(nil)
		if c != nil || !errors.As(err, &ds) || len(ds) == 0 || len(ds) > maxMistakes {
			t.Fatalf("Parse = %v, %T of %d", c, err, len(ds))
		}
		for _, d := range ds {
			runes := utf8.RuneCountInString(d.Source)
			if d.Summary == "" || strings.ContainsAny(d.Source, "\n\x1b") || d.Marked[0] < 0 || d.Marked[0] > d.Marked[1] || runes > maxExcerptRunes {
				t.Errorf("cannot be shown: %+v", d)
			}
		}
		if text := err.Error(); !utf8.ValidString(text) {
			t.Errorf("not UTF-8: %q", text)
		}
	})
}
