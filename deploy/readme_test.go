package deploy

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documents returns the paths of all that is written for people, from here.
func documents(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "node_modules" || strings.HasPrefix(name, ".") && path != ".."):
			return filepath.SkipDir
		case strings.HasSuffix(name, ".md"):
			found = append(found, path)
		}
		return nil
	})
	if err != nil || len(found) < 5 {
		t.Fatalf("documents: %v (%v), want at least the top's, dealer's, configs', deploy's and compare's", found, err)
	}
	return found
}

var (
	link       = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading    = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInSlugs = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// Every link leads to a file that is there, and to a heading in it.
func TestLinksOfDocuments(t *testing.T) {
	for _, document := range documents(t) {
		for _, target := range link.FindAllStringSubmatch(read(t, document), -1) {
			if strings.Contains(target[1], "://") {
				continue
			}
			file, fragment, _ := strings.Cut(target[1], "#")
			path := document
			if file != "" {
				path = filepath.Join(filepath.Dir(document), file)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s: %v", document, target[1], err)
				continue
			}
			if fragment != "" && !hasHeading(read(t, path), fragment) {
				t.Errorf("%s links to %s: there is no such heading", document, target[1])
			}
		}
	}
}

// hasHeading goes by the names that headings have as fragments.
func hasHeading(document, fragment string) bool {
	for _, h := range heading.FindAllStringSubmatch(document, -1) {
		slug := strings.ReplaceAll(notInSlugs.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")
		if slug == fragment {
			return true
		}
	}
	return false
}

// What the five minutes of README.md use fits together: a router, a
// configuration before it, a service at its listener, a caller at the router.
func TestTryout(t *testing.T) {
	readme, config := read(t, "../README.md"), read(t, "../configs/examples/compute.hcl")
	for _, file := range []string{"deploy/tryout/crossbar.json", "deploy/tryout/service.py", "deploy/tryout/caller.py", "configs/examples/compute.hcl", "integration/requirements.txt"} {
		if !strings.Contains(readme, file) {
			t.Errorf("README.md has no word of %s", file)
		}
		if _, err := os.Stat(filepath.Join("..", file)); err != nil {
			t.Error(err)
		}
	}
	for file, words := range map[string][]string{
		"tryout/crossbar.json":            {`"port": 8080, "interface": "127.0.0.1"`, `"name": "realm1"`},
		"tryout/service.py":               {`"com.example.compute"`, `"realm1"`},
		"tryout/caller.py":                {`"com.example.compute"`, `"realm1"`},
		"../configs/examples/compute.hcl": {`"com.example.compute"`, `"realm1"`, `"ws://127.0.0.1:8080/ws"`, `listen "ws://127.0.0.1:9000/ws"`},
	} {
		for _, word := range words {
			if !strings.Contains(read(t, file), word) {
				t.Errorf("%s has no %s", file, word)
			}
		}
	}
	if !strings.Contains(config, "concurrency = 4") {
		t.Error("compute.hcl lets callees take other than the four calls of README.md")
	}
}

// The table of README.md has each module that go.mod requires for itself.
func TestReadmeListsTheDependencies(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "../README.md"), "\n## Dependencies\n")
	for _, required := range regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(read(t, "../go.mod"), -1) {
		module := regexp.MustCompile(`/v\d+$`).ReplaceAllString(required[1], "")
		name := module[strings.LastIndexByte(module, '/')+1:]
		if !strings.Contains(table, module) && !strings.Contains(table, "/"+name+"]") && !strings.Contains(table, "["+name+"]") {
			t.Errorf("README.md does not say why %s is required", module)
		}
	}
}
