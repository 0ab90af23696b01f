package configs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
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

// readFile returns the content of a regular file less one newline at its
// end. dir is where a relative path starts.
func readFile(dir, path string) (string, error) {
	full := path
	if !filepath.IsAbs(full) {
		full = filepath.Join(dir, full)
	}
	content, err := readRegular(full)
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if err != nil {
		return "", fmt.Errorf("cannot read file %q: %w", path, err)
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

// functions are what an expression may call.
func functions(dir string) map[string]function.Function {
	ofString := func(read func(string) (string, error)) function.Function {
		return function.New(&function.Spec{
			Params: []function.Parameter{{Name: "from", Type: cty.String}},
			Type:   function.StaticReturnType(cty.String),
			Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
				value, err := read(args[0].AsString())
				return cty.StringVal(value), err
			},
		})
	}
	return map[string]function.Function{
		envFunction:  ofString(readEnv),
		fileFunction: ofString(func(path string) (string, error) { return readFile(dir, path) }),
	}
}

// evaluate computes an expression. The fault, nil for none, quotes names of
// variables and files only.
func evaluate(expr hclsyntax.Expression, dir string) (cty.Value, *mistake) {
	if m := refuseExpression(expr); m != nil {
		return cty.NilVal, m
	}
	value, diags := expr.Value(&hcl.EvalContext{Functions: functions(dir)})
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		m := &mistake{fault{summary: "this value cannot be computed", hint: d.Summary}, expr.Range()}
		if d.Subject != nil {
			m.at = *d.Subject
		}
		if call, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](d); ok && call.FunctionCallError() != nil {
			m.fault = fault{summary: call.FunctionCallError().Error()}
		}
		return cty.NilVal, m
	}
	if !value.IsWhollyKnown() {
		return cty.NilVal, &mistake{} // the parser put it in the place of what it could not read
	}
	return value, nil
}

// evaluateString is evaluate for an expression that must give a string. A
// plain env or file call gives its bytes as they are: on its way through cty
// a string is normalized, which would spoil a secret.
func evaluateString(expr hclsyntax.Expression, dir string) (string, *mistake) {
	if call, ok := expr.(*hclsyntax.FunctionCallExpr); ok && refuseExpression(expr) == nil {
		from, m := evaluateString(call.Args[0], dir)
		if m != nil {
			return "", m
		}
		read := readEnv
		if call.Name == fileFunction {
			read = func(path string) (string, error) { return readFile(dir, path) }
		}
		value, err := read(from)
		if err != nil {
			return "", &mistake{fault{summary: err.Error()}, call.Range()}
		}
		return value, nil
	}
	value, m := evaluate(expr, dir)
	if m != nil {
		return "", m
	}
	if value.IsNull() || value.Type() != cty.String {
		return "", &mistake{fault{summary: "a string is needed here, not " + kindOf(value), hint: `put it in quotes: "…"`}, expr.Range()}
	}
	return value.AsString(), nil
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

// refuseCall wants the name in the call to be spelled out: names of variables
// and files are quoted in mistakes, and must not have been computed.
func refuseCall(call *hclsyntax.FunctionCallExpr) *mistake {
	if call.Name != envFunction && call.Name != fileFunction {
		f := fault{summary: "unknown function", hint: `there are two: env("NAME") and file("path")`}
		return &mistake{f, call.NameRange}
	}
	if len(call.Args) == 1 && !call.ExpandFinal {
		if name, ok := call.Args[0].(*hclsyntax.TemplateExpr); ok && name.IsStringLiteral() {
			return nil
		}
	}
	f := fault{summary: call.Name + " takes one string, in quotes", hint: `env("NAME") or file("path")`}
	return &mistake{f, call.Range()}
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
