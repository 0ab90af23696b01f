package proof

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// which is the variable of the environment that says which mutant to be.
const which = "MUTANT"

// switches is the file of a package's switch.
const switches = `package %s

import (
	"os"
	"strconv"
)

var mutantNow, _ = strconv.Atoi(os.Getenv(%q))
`

// overlay writes the file that tells the go command of the mutants. The package
// itself stays as it is: in a copy, each function that a mutant changes stands
// once more, as the mutant has it, and the function itself begins with a switch.
func overlay(t *testing.T, mutants []Mutant, files []string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	temp, replace := t.TempDir(), make(map[string]string)
	put := func(name string, content []byte) {
		at := filepath.Join(temp, strings.ReplaceAll(name, string(filepath.Separator), "-"))
		replace[filepath.Join(dir, name)] = at
		write(t, at, content)
	}
	sources := make(map[string]*mutated)
	for i, m := range mutants {
		s := sources[m.File]
		if s == nil {
			s = readSource(t, m.File)
			sources[m.File] = s
		}
		if err := s.mutate(m, i+1); err != nil {
			t.Fatalf("mutant %q: %v", m.Name, err)
		}
	}
	for name, s := range sources {
		put(name, s.write())
		put(filepath.Join(filepath.Dir(name), "mutant_switch.go"), fmt.Appendf(nil, switches, s.syntax.Name.Name, which))
	}
	tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		if !slices.Contains(files, filepath.Base(test)) {
			replace[test] = "" // not there
		}
	}
	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(temp, "overlay.json")
	write(t, file, content)
	return file
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// mutated is a file, and what mutants make of its functions.
type mutated struct {
	source []byte
	syntax *ast.File
	is     map[*ast.FuncDecl][]int // by which mutants a function is replaced
	more   bytes.Buffer            // the functions as they have them
}

func readSource(t *testing.T, file string) *mutated {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newMutated(source)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newMutated(source []byte) (*mutated, error) {
	syntax, err := parse(source)
	return &mutated{source: source, syntax: syntax, is: make(map[*ast.FuncDecl][]int)}, err
}

// parse reads a file whose positions are places in the source, plus one.
func parse(source []byte) (*ast.File, error) {
	return parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
}

// mutate takes the nth mutant. What it changes must be within functions.
func (s *mutated) mutate(m Mutant, n int) error {
	if places := strings.Count(string(s.source), m.Old); places != 1 {
		return fmt.Errorf("%d places in %s to be replaced, there must be one: %q", places, m.File, m.Old)
	}
	source := bytes.Replace(s.source, []byte(m.Old), []byte(m.New), 1)
	syntax, err := parse(source)
	if err != nil {
		return fmt.Errorf("it must compile: %w", err)
	}
	before, after := functions(s.syntax), functions(syntax)
	if len(before) != len(after) || !bytes.Equal(without(s.source, before), without(source, after)) {
		return fmt.Errorf("it changes %s outside functions", m.File)
	}
	for i, f := range before {
		is := after[i]
		if bytes.Equal(text(s.source, f), text(source, is)) {
			continue
		}
		s.is[f] = append(s.is[f], n)
		fmt.Fprintf(&s.more, "\n%s%s%s\n", source[is.Pos()-1:is.Name.Pos()-1], mutantName(f, n), source[is.Name.End()-1:is.End()-1])
	}
	return nil
}

func mutantName(f *ast.FuncDecl, n int) string { return fmt.Sprintf("%sMutant%d", f.Name.Name, n) }

// functions returns those of a file, in their order.
func functions(of *ast.File) (all []*ast.FuncDecl) {
	for _, d := range of.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			all = append(all, f)
		}
	}
	return all
}

func text(source []byte, n ast.Node) []byte { return source[n.Pos()-1 : n.End()-1] }

// without returns what of a source is in no function.
func without(source []byte, functions []*ast.FuncDecl) (rest []byte) {
	from := token.Pos(1)
	for _, f := range functions {
		rest = append(rest, source[from-1:f.Pos()-1]...)
		from = f.End()
	}
	return append(rest, source[from-1:]...)
}

// write returns the file with all its mutants in it.
func (s *mutated) write() (source []byte) {
	changed := make([]*ast.FuncDecl, 0, len(s.is))
	for f := range s.is {
		changed = append(changed, f)
	}
	slices.SortFunc(changed, func(a, b *ast.FuncDecl) int { return cmp.Compare(a.Pos(), b.Pos()) })
	from := token.Pos(1)
	for _, f := range changed {
		source = append(source, s.source[from-1:f.Body.Lbrace]...)
		source = append(source, " switch mutantNow {"...)
		for _, n := range s.is[f] {
			source = append(source, dispatch(f, n)...)
		}
		source = append(source, "}\n"...)
		from = f.Body.Lbrace + 1
	}
	source = append(source, s.source[from-1:]...)
	return append(source, s.more.Bytes()...)
}

// dispatch has a function's work done by the nth mutant. All that it takes has a name.
func dispatch(f *ast.FuncDecl, n int) string {
	var arguments []string
	for _, p := range f.Type.Params.List {
		for _, name := range p.Names {
			argument := name.Name
			if _, variadic := p.Type.(*ast.Ellipsis); variadic {
				argument += "..."
			}
			arguments = append(arguments, argument)
		}
	}
	call := fmt.Sprintf("%s(%s)", mutantName(f, n), strings.Join(arguments, ", "))
	if f.Recv != nil {
		call = f.Recv.List[0].Names[0].Name + "." + call
	}
	if f.Type.Results != nil {
		return fmt.Sprintf("\ncase %d: return %s", n, call)
	}
	return fmt.Sprintf("\ncase %d: %s; return", n, call)
}
