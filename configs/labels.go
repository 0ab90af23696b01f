package configs

import (
	"bytes"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// HCL wants the label of a block spelled out. Here it may be computed by env()
// and file() like any other string, as in realm "${env("REALM")}" {}: what
// stands between the quotes is read by itself, and the parser gets as many
// letters in its place, so that everything else stays where it is.

// labels are the computed ones, by the place of their first byte.
type labels map[place]hclsyntax.Expression

// place is a byte of one of the files.
type place struct {
	file string
	at   int
}

func placeOf(at hcl.Range) place { return place{at.Filename, at.Start.Byte} }

// computedLabels puts those of a file into found, and returns its source without
// them.
func computedLabels(src []byte, filename string, found labels) []byte {
	tokens, _ := hclsyntax.LexConfig(src, filename, hcl.InitialPos)
	plain := src
	for i := range tokens {
		if tokens[i].Type != hclsyntax.TokenIdent || i > 0 && !beginsStatement(tokens[i-1]) {
			continue
		}
		for _, label := range labelsAt(tokens, i+1) {
			first, last := label[0].Range, label[len(label)-1].Range
			expr, diags := hclsyntax.ParseExpression(src[first.Start.Byte:last.End.Byte], filename, first.Start)
			if diags.HasErrors() {
				continue // the parser says what is wrong
			}
			if &plain[0] == &src[0] {
				plain = bytes.Clone(src)
			}
			found[placeOf(first)] = expr
			inside := plain[first.End.Byte:last.Start.Byte]
			copy(inside, bytes.Repeat([]byte("x"), len(inside)))
		}
	}
	return plain
}

// labelsAt returns the computed ones of a block's labels, which begin at i; none
// where that is no block.
func labelsAt(tokens hclsyntax.Tokens, i int) (computed []hclsyntax.Tokens) {
	for i < len(tokens) {
		switch tokens[i].Type {
		case hclsyntax.TokenOBrace:
			return computed
		case hclsyntax.TokenIdent:
			i++
		case hclsyntax.TokenOQuote:
			end := closingQuote(tokens, i)
			if end == 0 {
				return nil
			}
			label := tokens[i : end+1]
			if slices.ContainsFunc(label, func(t hclsyntax.Token) bool { return t.Type == hclsyntax.TokenTemplateInterp }) {
				computed = append(computed, label)
			}
			i = end + 1
		default:
			return nil
		}
	}
	return nil
}

// closingQuote returns the place of the quote that ends the string at i, 0 where
// there is none on its line.
func closingQuote(tokens hclsyntax.Tokens, i int) int {
	depth := 0
	for ; i < len(tokens); i++ {
		switch tokens[i].Type {
		case hclsyntax.TokenOQuote:
			depth++
		case hclsyntax.TokenCQuote:
			if depth--; depth == 0 {
				return i
			}
		case hclsyntax.TokenNewline, hclsyntax.TokenEOF:
			return 0
		}
	}
	return 0
}

// label returns a block's label, computed where it has to be. It is false where
// that can't be done.
func (r *reader) label(literal string, at hcl.Range) (string, bool) {
	expr := r.labels[placeOf(at)]
	if expr == nil {
		return literal, true
	}
	text, m := evaluateString(expr)
	if m != nil {
		r.add(*m)
		return "", false
	}
	return text, true
}
