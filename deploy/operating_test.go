package deploy

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Whoever is woken by an alert finds its name, and what to do.
func TestEveryAlertIsExplained(t *testing.T) {
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert string }
		}
	}
	unmarshal(t, "prometheus/alerts.yaml", &rules)
	text, alerts := read(t, "operating.md"), 0
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			if rule.Alert == "" {
				continue
			}
			alerts++
			if !strings.Contains(text, "\n### "+rule.Alert+"\n") {
				t.Errorf("operating.md does not explain %s", rule.Alert)
			}
		}
	}
	if explained := strings.Count(text, "\n### Wampool"); explained != alerts || alerts < 10 {
		t.Errorf("%d alerts are explained, and there are %d", explained, alerts)
	}
}

// A warning in the source: what is said, or the beginning of it.
var warning = regexp.MustCompile(`\.(?:Warn|Error)\(\)(?:[^\n]|\n\t+[A-Z.])*?\.?Msg\(["` + "`" + `]([^"` + "`" + `]+)`)

// Whoever reads a warning in the log finds the line in the table.
func TestEveryWarningIsExplained(t *testing.T) {
	text, warnings := read(t, "operating.md"), 0
	for _, dir := range []string{"../proxy", "../cmd/wampool"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "tryout") {
				return err
			}
			for _, found := range warning.FindAllStringSubmatch(read(t, path), -1) {
				warnings++
				if !explained(text, found[1]) {
					t.Errorf("%s: operating.md does not explain %q", path, found[1])
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if warnings < 15 {
		t.Errorf("only %d warnings were found in the source", warnings)
	}
}

// explained tells whether a row of the table begins with what the line begins with.
func explained(text, line string) bool {
	for _, row := range regexp.MustCompile(`(?m)^\| (.*?) \|`).FindAllStringSubmatch(text, -1) {
		for _, begin := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			if strings.HasPrefix(line, strings.TrimSpace(begin[1])) {
				return true
			}
		}
	}
	return false
}
