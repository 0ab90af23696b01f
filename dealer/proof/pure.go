package proof

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

// What of these packages is a value, or makes one of values.
var (
	ofTime = []string{"Duration", "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"}
	ofFmt  = []string{"Sprintf", "Sprint", "Errorf", "Stringer"}
)

// IsPure fails the test if the package in whose folder it runs is no pure state
// machine: time and random numbers are arguments, what must happen is returned. It
// imports what is allowed alone.
func IsPure(t *testing.T, allowed ...string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.go") })
	if len(files) < 5 {
		t.Fatalf("only %d files are there to be checked", len(files))
	}
	for _, file := range files {
		positions := token.NewFileSet()
		syntax, err := parser.ParseFile(positions, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		refuse := func(n ast.Node, what string) {
			t.Errorf("%s: a pure machine must have no %s", positions.Position(n.Pos()), what)
		}
		for _, spec := range syntax.Imports {
			if path, _ := strconv.Unquote(spec.Path.Value); !slices.Contains(allowed, path) || spec.Name != nil {
				refuse(spec, "import of "+path+", nor one by another name")
			}
		}
		ast.Inspect(syntax, func(n ast.Node) bool {
			if what := impure(n); what != "" {
				refuse(n, what)
			}
			return true
		})
	}
}

// impure tells what about a part of the code is not pure, "" for nothing.
func impure(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "goroutine"
	case *ast.ChanType:
		return "channel"
	case *ast.SelectStmt:
		return "select"
	case *ast.CallExpr:
		if name, ok := n.Fun.(*ast.Ident); ok && (name.Name == "print" || name.Name == "println") {
			return "output"
		}
	case *ast.SelectorExpr:
		of, ok := n.X.(*ast.Ident)
		if ok && (of.Name == "time" && !slices.Contains(ofTime, n.Sel.Name) || of.Name == "fmt" && !slices.Contains(ofFmt, n.Sel.Name)) {
			return of.Name + "." + n.Sel.Name
		}
	}
	return ""
}
