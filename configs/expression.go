package configs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

const (
	envFunction  = "env"
	fileFunction = "file"
)

// readEnv returns the value of an environment variable, which may be empty
// but must be set.
func readEnv(name string) (string, error) {
	value, ok := os.LookupEnv(name)
	if !ok {
		return "", fmt.Errorf("environment variable %q is not set", name)
	}
	if !utf8.ValidString(value) {
		return "", fmt.Errorf("environment variable %q is not valid UTF-8", name)
	}
	return value, nil
}

// absolute returns where a path leads that stands at a place: a relative one starts
// at the folder of its configuration file.
func absolute(path string, at hcl.Range) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(at.Filename), path)
}

// readFile returns the content of a regular file less one newline at its end. An
// error names the file as it is spelled.
func readFile(path, spelled string) (string, error) {
	content, err := readRegular(path)
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if err != nil {
		return "", fmt.Errorf("cannot read file %s: %w", quoted(spelled), err)
	}
	text := strings.TrimSuffix(string(content), "\n")
	return strings.TrimSuffix(text, "\r"), nil
}

// readRegular refuses pipes and devices before it opens them: they could
// keep the start waiting for ever.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(content) > maxSecretBytes:
		return nil, fmt.Errorf("longer than %d bytes", maxSecretBytes)
	case !utf8.Valid(content):
		return nil, errors.New("not valid UTF-8")
	}
	return content, nil
}

// evaluate computes an expression. The fault, nil for none, quotes names of
// variables and files only.
func evaluate(expr hclsyntax.Expression) (cty.Value, *mistake) {
	if m := refuseExpression(expr); m != nil {
		return cty.NilVal, m
	}
	if readsElsewhere(expr) {
		text, m := evaluateString(expr)
		return cty.StringVal(text), m
	}
	if _, ok := expr.(*hclsyntax.TupleConsExpr); ok {
		return cty.EmptyTupleVal, nil // a list, whose elements are read one by one
	}
	value, diags := expr.Value(nil)
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		m := &mistake{fault{summary: "this value cannot be computed", hint: d.Summary}, expr.Range()}
		if d.Subject != nil {
			m.at = *d.Subject
		}
		return cty.NilVal, m
	}
	if !value.IsWhollyKnown() {
		return cty.NilVal, &mistake{} // the parser put it in the place of what it could not read
	}
	return value, nil
}

// evaluateString is evaluate for an expression that must give a string. What
// env and file give stays as it is, byte for byte: on its way through cty a
// string is normalized, which would spoil a secret.
func evaluateString(expr hclsyntax.Expression) (string, *mistake) {
	if m := refuseExpression(expr); m != nil {
		return "", m
	}
	switch e := expr.(type) {
	case *hclsyntax.FunctionCallExpr:
		return call(e)
	case *hclsyntax.ParenthesesExpr:
		return evaluateString(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return evaluateString(e.Wrapped)
	case *hclsyntax.TemplateExpr:
		if !e.IsStringLiteral() {
			return concatenate(e.Parts)
		}
	}
	value, m := evaluate(expr)
	if m != nil {
		return "", m
	}
	if value.IsNull() || value.Type() != cty.String {
		return "", &mistake{fault{summary: "a string is needed here, not " + kindOf(value), hint: `put it in quotes: "…"`}, expr.Range()}
	}
	return value.AsString(), nil
}

// call reads what env or file names.
func call(e *hclsyntax.FunctionCallExpr) (string, *mistake) {
	from, m := evaluateString(e.Args[0])
	if m != nil {
		return "", m
	}
	var value string
	var err error
	if e.Name == fileFunction {
		value, err = readFile(absolute(from, e.Range()), spelled(e.Args[0]))
	} else {
		value, err = readEnv(from)
	}
	if err != nil {
		return "", &mistake{fault{summary: err.Error()}, e.Range()}
	}
	return value, nil
}

// concatenate computes the parts of a template.
func concatenate(parts []hclsyntax.Expression) (string, *mistake) {
	var b strings.Builder
	for _, part := range parts {
		text, m := evaluateString(part)
		if m != nil {
			return "", m
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// readsElsewhere tells whether env or file has a part in a value.
func readsElsewhere(expr hclsyntax.Expression) bool {
	switch e := expr.(type) {
	case *hclsyntax.FunctionCallExpr:
		return true
	case *hclsyntax.TemplateExpr:
		return slices.ContainsFunc(e.Parts, readsElsewhere)
	case *hclsyntax.TemplateWrapExpr:
		return readsElsewhere(e.Wrapped)
	case *hclsyntax.ParenthesesExpr:
		return readsElsewhere(e.Expression)
	}
	return false
}

// refuseExpression returns the first part of an expression that a
// configuration may not have, nil for none. What is left evaluates in time
// and space linear in its length.
func refuseExpression(expr hclsyntax.Expression) *mistake {
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		return nil
	case *hclsyntax.TemplateExpr:
		return refuseFirst(e.Parts)
	case *hclsyntax.TemplateWrapExpr:
		return refuseExpression(e.Wrapped)
	case *hclsyntax.ParenthesesExpr:
		return refuseExpression(e.Expression)
	case *hclsyntax.UnaryOpExpr: // a negative number, to be told that it is out of range
		return refuseExpression(e.Val)
	case *hclsyntax.TupleConsExpr:
		return refuseFirst(e.Exprs)
	case *hclsyntax.FunctionCallExpr:
		return refuseCall(e)
	case *hclsyntax.ScopeTraversalExpr:
		if len(e.Traversal) > 1 {
			return &mistake{fault{
				summary: "there are no variables and references here",
				hint:    `env("NAME") reads a variable of the environment, file("path") a file`,
			}, expr.Range()}
		}
		return &mistake{fault{
			summary: "a bare word is not a value",
			hint:    fmt.Sprintf("put it in quotes: %q", e.Traversal.RootName()),
		}, expr.Range()}
	case *hclsyntax.ObjectConsExpr:
		return &mistake{fault{summary: "an object is not a value here", hint: "a block is written without =: name { … }"}, expr.Range()}
	case nil:
		return &mistake{} // likewise
	}
	return &mistake{fault{
		summary: "this kind of expression is not supported",
		hint:    `a value is a string, a number, true or false, a list, env("NAME") or file("path")`,
	}, expr.Range()}
}

func refuseFirst(exprs []hclsyntax.Expression) *mistake {
	for _, e := range exprs {
		if m := refuseExpression(e); m != nil {
			return m
		}
	}
	return nil
}

// refuseCall wants the name of a variable to be spelled out: it is quoted in
// mistakes, and must not have been computed. A path may hold variables.
func refuseCall(call *hclsyntax.FunctionCallExpr) *mistake {
	if call.Name != envFunction && call.Name != fileFunction {
		f := fault{summary: "unknown function", hint: `there are two: env("NAME") and file("path")`}
		return &mistake{f, call.NameRange}
	}
	if len(call.Args) == 1 && !call.ExpandFinal && (isLiteral(call.Args[0]) || call.Name == fileFunction && isPath(call.Args[0])) {
		return nil
	}
	f := fault{summary: call.Name + " takes one string, in quotes", hint: `env("NAME") or file("path")`}
	return &mistake{f, call.Range()}
}

// isLiteral tells whether a string is spelled out.
func isLiteral(expr hclsyntax.Expression) bool {
	text, ok := expr.(*hclsyntax.TemplateExpr)
	return ok && text.IsStringLiteral()
}

// isPath tells whether a string is spelled out but for variables in it.
func isPath(expr hclsyntax.Expression) bool {
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		return e.Val.Type() == cty.String
	case *hclsyntax.TemplateExpr:
		return !slices.ContainsFunc(e.Parts, func(part hclsyntax.Expression) bool { return !isPath(part) })
	case *hclsyntax.TemplateWrapExpr:
		return isPath(e.Wrapped)
	case *hclsyntax.FunctionCallExpr:
		return e.Name == envFunction && refuseCall(e) == nil
	}
	return false
}

// kindOf names the type of a value in a sentence.
func kindOf(v cty.Value) string {
	switch {
	case v == cty.NilVal || v.IsNull():
		return "null"
	case v.Type() == cty.String:
		return "a string"
	case v.Type() == cty.Number:
		return "a number"
	case v.Type() == cty.Bool:
		return "true or false"
	case v.Type().IsTupleType() || v.Type().IsListType():
		return "a list"
	}
	return "this"
}
