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

// Each testdata/NAME.hcl gives the text of testdata/NAME.txt.
func TestDiagnosticsGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.hcl")
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
			golden := strings.TrimSuffix(file, ".hcl") + ".txt"
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
