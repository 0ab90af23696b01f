package configs

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
)

// A file in JSON is read by HCL's own parser, which wants to be told what is a
// block and what an attribute, and becomes what it would be in HCL's own syntax:
// from there on there is one way for both.

// jsonReader turns what one file says, and gathers what is wrong with its syntax.
type jsonReader struct {
	labels labels
	diags  hcl.Diagnostics
}

func (s source) parseJSON(labels labels) (*hclsyntax.Body, hcl.Diagnostics) {
	file, diags := json.Parse(s.src, s.name)
	if file == nil || diags.HasErrors() {
		return &hclsyntax.Body{}, diags
	}
	r := jsonReader{labels: labels}
	body := r.body(fileShape, file.Body)
	return body, r.diags
}

// body reads an object as the body of a block. What the shape does not know is an
// attribute, for it to be refused by its name.
func (r *jsonReader) body(shape *shape, from hcl.Body) *hclsyntax.Body {
	schema := &hcl.BodySchema{}
	for _, name := range shape.attributes {
		schema.Attributes = append(schema.Attributes, hcl.AttributeSchema{Name: name})
	}
	for _, name := range shape.blocks {
		header := hcl.BlockHeaderSchema{Type: name}
		if shape.block(name).label != "" {
			header.LabelNames = []string{"name"}
		}
		schema.Blocks = append(schema.Blocks, header)
	}
	content, rest, diags := from.PartialContent(schema)
	unknown, unknownDiags := rest.JustAttributes()
	if len(diags) == 0 { // else it is said already
		diags = unknownDiags
	}
	r.diags = append(r.diags, diags...)

	body := &hclsyntax.Body{Attributes: make(hclsyntax.Attributes), SrcRange: from.MissingItemRange(), EndRange: from.MissingItemRange()}
	for _, attributes := range []hcl.Attributes{content.Attributes, unknown} {
		for name, attribute := range attributes {
			body.Attributes[name] = &hclsyntax.Attribute{
				Name: name, Expr: r.expression(attribute.Expr), SrcRange: attribute.Range, NameRange: attribute.NameRange,
			}
		}
	}
	for _, block := range content.Blocks {
		for i, label := range block.Labels {
			if strings.Contains(label, "${") || strings.Contains(label, "%{") {
				r.labels[placeOf(block.LabelRanges[i])] = r.template(label, block.LabelRanges[i])
			}
		}
		body.Blocks = append(body.Blocks, &hclsyntax.Block{
			Type: block.Type, Labels: block.Labels, Body: r.body(shape.block(block.Type), block.Body),
			TypeRange: block.TypeRange, LabelRanges: block.LabelRanges, OpenBraceRange: block.DefRange, CloseBraceRange: block.DefRange,
		})
	}
	return body
}

// expression reads a value: a string is a template, as in HCL's own syntax.
func (r *jsonReader) expression(from hcl.Expression) hclsyntax.Expression {
	at := from.Range()
	if elements, diags := hcl.ExprList(from); !diags.HasErrors() {
		list := &hclsyntax.TupleConsExpr{SrcRange: at, OpenRange: from.StartRange()}
		for _, element := range elements {
			list.Exprs = append(list.Exprs, r.expression(element))
		}
		return list
	}
	if _, diags := hcl.ExprMap(from); !diags.HasErrors() {
		return &hclsyntax.ObjectConsExpr{SrcRange: at, OpenRange: from.StartRange()}
	}
	value, diags := from.Value(nil) // without variables, a string is what is written
	r.diags = append(r.diags, diags...)
	if value.IsKnown() && !value.IsNull() && value.Type() == cty.String {
		return r.template(value.AsString(), at)
	}
	return &hclsyntax.LiteralValueExpr{Val: value, SrcRange: at}
}

// template reads the text of a string that stands at a place.
func (r *jsonReader) template(text string, at hcl.Range) hclsyntax.Expression {
	whole := &hclsyntax.LiteralValueExpr{Val: cty.DynamicVal, SrcRange: at}
	start := at.Start
	start.Byte++
	start.Column++
	tokens, _ := hclsyntax.LexTemplate([]byte(text), at.Filename, start)
	if tooDeep(tokens) {
		r.diags = append(r.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Nested too deeply", Detail: "No value is as complicated as this string.", Subject: &at})
		return whole
	}
	expr, diags := hclsyntax.ParseTemplate([]byte(text), at.Filename, start)
	if escaped := at.End.Byte-at.Start.Byte != len(text)+len(`""`); escaped {
		for _, d := range diags {
			d.Subject = &at
		}
		if expr != nil {
			_ = hclsyntax.VisitAll(expr, func(node hclsyntax.Node) hcl.Diagnostics { standAt(node, at); return nil })
		}
	}
	r.diags = append(r.diags, diags...)
	if expr == nil {
		return whole
	}
	return expr
}

// standAt moves a part of a string to where the whole string is: with \" and the
// like before it, its own place is not known.
func standAt(node hclsyntax.Node, at hcl.Range) {
	switch n := node.(type) {
	case *hclsyntax.LiteralValueExpr:
		n.SrcRange = at
	case *hclsyntax.TemplateExpr:
		n.SrcRange = at
	case *hclsyntax.TemplateWrapExpr:
		n.SrcRange = at
	case *hclsyntax.ParenthesesExpr:
		n.SrcRange = at
	case *hclsyntax.UnaryOpExpr:
		n.SrcRange = at
	case *hclsyntax.TupleConsExpr:
		n.SrcRange = at
	case *hclsyntax.ObjectConsExpr:
		n.SrcRange = at
	case *hclsyntax.ScopeTraversalExpr:
		n.SrcRange = at
	case *hclsyntax.ConditionalExpr:
		n.SrcRange = at
	case *hclsyntax.FunctionCallExpr:
		n.NameRange, n.OpenParenRange, n.CloseParenRange = at, at, at
	}
}

// nestedJSON returns how deeply brackets are nested in a file.
func nestedJSON(src []byte) (deepest int) {
	depth, inString := 0, false
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && (c == '{' || c == '['):
			depth++
			deepest = max(deepest, depth)
		case !inString && (c == '}' || c == ']'):
			depth = max(0, depth-1)
		}
	}
	return deepest
}
