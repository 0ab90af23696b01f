package codec

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sections returns the sections of the specification that comments may name, by
// anchor.
func sections(t *testing.T) map[string]string {
	t.Helper()
	list, err := os.ReadFile("testdata/specification.txt")
	if err != nil {
		t.Fatal(err)
	}
	named := make(map[string]string)
	for line := range strings.Lines(string(list)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "//") {
			continue
		}
		anchor, section, ok := strings.Cut(line, " ")
		section = strings.TrimSpace(section)
		if !ok || named[anchor] != "" || !anchors.MatchString(anchor) {
			t.Fatalf("specification.txt: %q is no anchor and section of its own", line)
		}
		named[anchor] = section
	}
	return named
}

var (
	anchors  = regexp.MustCompile(`#name-[a-z0-9_-]+`)
	citation = regexp.MustCompile(`"([^"]+)", (#name-[a-z0-9_-]+)`)
	quoted   = regexp.MustCompile(`"([A-Z][A-Za-z]+[ -][A-Za-z -]+)"( section)?(, #name-)?`)
)

// Comments of all packages name sections with their anchors, and only those that
// the published text has.
func TestCommentsNameSectionsOfTheSpecification(t *testing.T) {
	named := sections(t)
	known := make(map[string]bool)
	for _, section := range named {
		known[section] = true
	}
	cited := 0
	eachComment(t, func(at, comment string) {
		right := citation.FindAllStringSubmatch(comment, -1)
		cited += len(right)
		for _, c := range right {
			if named[c[2]] != c[1] {
				t.Errorf("%s: (%q, %s) is not in testdata/specification.txt", at, c[1], c[2])
			}
		}
		if all := anchors.FindAllString(comment, -1); len(all) != len(right) {
			t.Errorf("%s: %q, of which %d stand behind a section's name in quotes", at, all, len(right))
		}
		for _, q := range quoted.FindAllStringSubmatch(comment, -1) {
			if known[q[1]] && q[3] == "" {
				t.Errorf("%s: %q is named without its anchor", at, q[1])
			}
		}
	})
	if cited < 100 {
		t.Errorf("%d citations found: are all packages read?", cited)
	}
}

// eachComment calls f with the words of each comment in Go files, in one line.
func eachComment(t *testing.T, f func(at, comment string)) {
	t.Helper()
	files := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".") && path != ".."):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, group := range file.Comments {
			f(files.Position(group.Pos()).String(), inOneLine(group))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func inOneLine(group *ast.CommentGroup) string {
	var words []string
	for _, line := range group.List {
		words = append(words, strings.Fields(strings.TrimPrefix(line.Text, "//"))...)
	}
	return strings.Join(words, " ")
}
