package admission_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestImportFence keeps admission a pure state machine: time and random
// numbers are arguments, what must happen is returned.
func TestImportFence(t *testing.T) {
	allowed := []string{
		"cmp", "errors", "fmt", "maps", "slices", "time",
		"github.com/wampool/wampool/codec", "github.com/wampool/wampool/dealer",
	}
	ofTime := []string{"Duration", "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"}
	ofFmt := []string{"Sprintf", "Sprint", "Errorf", "Stringer"}

	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		checked++
		positions := token.NewFileSet()
		syntax, err := parser.ParseFile(positions, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		refuse := func(n ast.Node, what string) {
			t.Errorf("%s: admission must have no %s", positions.Position(n.Pos()), what)
		}
		for _, spec := range syntax.Imports {
			if path, _ := strconv.Unquote(spec.Path.Value); !slices.Contains(allowed, path) || spec.Name != nil {
				refuse(spec, "import of "+path+", nor one by another name")
			}
		}
		ast.Inspect(syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				refuse(n, "goroutine")
			case *ast.ChanType:
				refuse(n, "channel")
			case *ast.SelectStmt:
				refuse(n, "select")
			case *ast.CallExpr:
				if name, ok := n.Fun.(*ast.Ident); ok && (name.Name == "print" || name.Name == "println") {
					refuse(n, "output")
				}
			case *ast.SelectorExpr:
				of, ok := n.X.(*ast.Ident)
				if ok && (of.Name == "time" && !slices.Contains(ofTime, n.Sel.Name) || of.Name == "fmt" && !slices.Contains(ofFmt, n.Sel.Name)) {
					refuse(n, of.Name+"."+n.Sel.Name)
				}
			}
			return true
		})
	}
	if checked < 5 {
		t.Fatalf("only %d files were checked", checked)
	}
}
