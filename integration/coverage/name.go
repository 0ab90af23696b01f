package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
)

// describe gives each block a name that outlives changes elsewhere in its file:
// the file, the function and the line of source where it begins, with a number
// where a function has the same line again.
func describe(blocks []*block) error {
	var s *source
	used := map[string]int{}
	for _, b := range blocks {
		if s == nil || s.file != b.file {
			var err error
			if s, err = readSource(b.file); err != nil {
				return err
			}
		}
		if b.line > len(s.lines) {
			return fmt.Errorf("%s:%d: there is no such line: the profile is of other sources", b.file, b.line)
		}
		b.name = b.file + " " + s.function(b.line) + ": " + strings.TrimSpace(s.lines[b.line-1])
		if used[b.name]++; used[b.name] > 1 {
			b.name += fmt.Sprintf(" #%d", used[b.name])
		}
	}
	return nil
}

// source is a file of Go.
type source struct {
	file      string
	lines     []string
	functions []function
}

type function struct {
	name     string
	from, to int // lines
}

func readSource(file string) (*source, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	s := &source{file: file, lines: strings.Split(string(text), "\n")}
	for _, declaration := range parsed.Decls {
		if f, ok := declaration.(*ast.FuncDecl); ok {
			s.functions = append(s.functions, function{nameOf(f), set.Position(f.Pos()).Line, set.Position(f.End()).Line})
		}
	}
	return s, nil
}

// nameOf is Type.Method or the function's name.
func nameOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	of := f.Recv.List[0].Type
	if pointer, ok := of.(*ast.StarExpr); ok {
		of = pointer.X
	}
	if generic, ok := of.(*ast.IndexExpr); ok {
		of = generic.X
	}
	if name, ok := of.(*ast.Ident); ok {
		return name.Name + "." + f.Name.Name
	}
	return f.Name.Name
}

// function returns the name of the function that a line is in; a function that
// is a variable's value has none.
func (s *source) function(line int) string {
	for _, f := range s.functions {
		if f.from <= line && line <= f.to {
			return f.name
		}
	}
	return "-"
}
