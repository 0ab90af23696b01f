package configs

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// quoted is a path in quotes, the quotes of ${env("NAME")} within left as they are.
func quoted(path string) string {
	if strings.Contains(path, `${`) {
		return `"` + path + `"`
	}
	return strconv.Quote(path)
}

// spelled is a string as the file spells it: what comes from a variable stands
// as ${env("NAME")}.
func spelled(expr hclsyntax.Expression) string {
	switch e := expr.(type) {
	case *hclsyntax.TemplateExpr:
		var b strings.Builder
		for _, part := range e.Parts {
			b.WriteString(spelled(part))
		}
		return b.String()
	case *hclsyntax.TemplateWrapExpr:
		return spelled(e.Wrapped)
	case *hclsyntax.ParenthesesExpr:
		return spelled(e.Expression)
	case *hclsyntax.FunctionCallExpr:
		return "${" + e.Name + "(\"" + spelled(e.Args[0]) + "\")}"
	case *hclsyntax.LiteralValueExpr:
		if e.Val.Type() == cty.String && !e.Val.IsNull() {
			return e.Val.AsString()
		}
	}
	return "…"
}

// sourceOf is a call of env or file as HCL writes it, its path absolute; "" for all
// else.
func sourceOf(expr hclsyntax.Expression) string {
	switch e := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		return sourceOf(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return sourceOf(e.Wrapped)
	case *hclsyntax.FunctionCallExpr:
		if e.Name == envFunction {
			return envFunction + "(" + templateOf(e.Args[0]) + ")"
		}
		path, m := evaluateString(e.Args[0])
		if m != nil {
			return ""
		}
		spelled := templateOf(e.Args[0])
		if !filepath.IsAbs(path) {
			folder := pathOf(filepath.Dir(e.Range().Filename)) + string(filepath.Separator)
			spelled = `"` + inner(quote(folder)) + inner(spelled) + `"`
		}
		return fileFunction + "(" + spelled + ")"
	}
	return ""
}

// templateOf is a string with variables in it as HCL writes it.
func templateOf(expr hclsyntax.Expression) string {
	var inside func(hclsyntax.Expression) string
	inside = func(expr hclsyntax.Expression) string {
		switch e := expr.(type) {
		case *hclsyntax.TemplateExpr:
			var b strings.Builder
			for _, part := range e.Parts {
				b.WriteString(inside(part))
			}
			return b.String()
		case *hclsyntax.TemplateWrapExpr:
			return inside(e.Wrapped)
		case *hclsyntax.FunctionCallExpr:
			return "${" + e.Name + "(" + templateOf(e.Args[0]) + ")}"
		case *hclsyntax.LiteralValueExpr:
			return inner(quote(e.Val.AsString()))
		}
		return ""
	}
	return `"` + inside(expr) + `"`
}

// inner is what stands between quotes.
func inner(quoted string) string { return quoted[1 : len(quoted)-1] }
