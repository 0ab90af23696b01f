package configs

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Format returns src in the canonical form of HCL: comments and all that is said
// stay, spaces and the indentation change. filename names it in the error, which is
// of type [Diagnostics] and tells of its syntax only; a file in JSON has no such
// form.
func Format(src []byte, filename string) ([]byte, error) {
	file := source{filename, src}
	if file.isJSON() {
		return nil, Diagnostics{{Filename: filename, Summary: "this is JSON: only HCL is formatted"}}
	}
	if f := file.refuse(); f != nil {
		return nil, Diagnostics{{Filename: filename, Summary: f.summary, Hint: f.hint}}
	}
	found := make(labels)
	_, diags := hclsyntax.ParseConfig(computedLabels(src, filename, found), filename, hcl.InitialPos)
	diags = slices.DeleteFunc(diags, func(d *hcl.Diagnostic) bool { return d.Summary == attributeTwice })
	r := &reader{labels: found, brokenLines: make(map[line]bool)}
	r.syntax(diags)
	if len(r.mistakes) > 0 {
		return nil, diagnose([]source{file}, r.mistakes)
	}
	return hclwrite.Format(src), nil
}
