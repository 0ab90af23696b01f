package configs

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite testdata/*.txt")

// Each testdata/NAME.hcl, or NAME.hcl.json, gives the text of testdata/NAME.txt.
func TestDiagnosticsGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.hcl*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			c, err := Load(file)
			if ds := (Diagnostics)(nil); c != nil || !errors.As(err, &ds) {
				t.Fatalf("Load = %v, %v; want Diagnostics only", c, err)
			}
			got := err.Error() + "\n"
			golden := strings.TrimSuffix(strings.TrimSuffix(file, ".json"), ".hcl") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("other text than %s (rewrite with -update):\n%s", golden, diff)
			}
			if strings.Contains(got, "hunter2") || strings.Contains(got, "do-not-show-me") {
				t.Error("a secret is shown")
			}
		})
	}
}

// What is shown stays short however long the line, however many the mistakes.
func TestDiagnosticsAreBounded(t *testing.T) {
	src := pool("admit = [" + strings.Repeat("\t\"größe\", 7,", 10_000) + "]")
	_, err := Parse([]byte(src), "wampool.hcl")
	ds := (Diagnostics)(nil)
	if !errors.As(err, &ds) || len(ds) != maxMistakes {
		t.Fatalf("%d mistakes", len(ds))
	}
	for _, d := range ds[maxMistakes/2:] {
		marked := string([]rune(d.Source)[d.Marked[0]:d.Marked[1]])
		if marked != "7" && marked != `"größe"` {
			t.Errorf("column %d: marked %q of %q", d.Column, marked, d.Source)
		}
		if n := len([]rune(d.Source)); n > maxExcerptRunes {
			t.Errorf("%d runes shown", n)
		}
	}
	if !strings.HasSuffix(err.Error(), "\n100 mistakes; there may be more") {
		t.Errorf("no word of more at the end")
	}
}
