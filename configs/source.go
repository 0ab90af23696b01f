package configs

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// source is a file of the configuration. Its name is that of its positions, and
// says where relative paths in it start.
type source struct {
	name string
	src  []byte
}

// isJSON tells whether it is in the JSON syntax of HCL.
func (s source) isJSON() bool {
	return strings.HasSuffix(s.name, ".json") || !strings.HasSuffix(s.name, ".hcl") && bytes.HasPrefix(s.text(), []byte("{"))
}

// text is the source from its first letter on.
func (s source) text() []byte { return bytes.TrimSpace(bytes.TrimPrefix(s.src, []byte("\ufeff"))) }

// parse returns what the source says. Its computed labels are put into labels.
func (s source) parse(labels labels) (*hclsyntax.Body, hcl.Diagnostics) {
	if s.isJSON() {
		return s.parseJSON(labels)
	}
	file, diags := hclsyntax.ParseConfig(computedLabels(s.src, s.name, labels), s.name, hcl.InitialPos)
	if body, ok := file.Body.(*hclsyntax.Body); ok {
		return body, diags
	}
	return &hclsyntax.Body{}, diags
}

const (
	maxNesting   = 64
	maxOperators = 1000
)

// refuse bounds what the parser gets. It descends by recursion, one level for each
// bracket and prefix operator, and Go cannot recover from a stack that is exhausted.
func (s source) refuse() *fault {
	if len(s.src) > maxFileBytes {
		return &fault{summary: fmt.Sprintf("the configuration is longer than %s", formatSize(maxFileBytes))}
	}
	if f := s.refuseForm(); f != nil {
		return f
	}
	deep := s.isJSON() && nestedJSON(s.src) > maxNesting
	if !s.isJSON() {
		tokens, _ := hclsyntax.LexConfig(s.src, "", hcl.InitialPos)
		deep = tooDeep(tokens)
	}
	if deep {
		return &fault{summary: "the configuration is nested too deeply", hint: "is a closing bracket or quote missing?"}
	}
	return nil
}

// tooDeep tells whether a parser would descend too far.
func tooDeep(tokens hclsyntax.Tokens) bool {
	depth, operators := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen,
			hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc,
			hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen,
			hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			depth = max(0, depth-1)
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenQuestion:
			operators++
		}
		if depth > maxNesting || operators > maxOperators {
			return true
		}
	}
	return false
}

// refuseForm finds a file that is something else than text with lines.
func (s source) refuseForm() *fault {
	src, text := s.src, s.text()
	switch {
	case bytes.HasPrefix(src, []byte("\xff\xfe")), bytes.HasPrefix(src, []byte("\xfe\xff")),
		len(src) > 1 && (src[0] == 0) != (src[1] == 0): // a letter and a zero, or the other way round
		return &fault{summary: "the configuration is UTF-16", hint: "save it as UTF-8"}
	case s.isJSON():
		return nil
	case bytes.HasPrefix(text, []byte("{")):
		return &fault{summary: "the configuration is JSON, or begins with {, and is named as HCL", hint: "name it *.hcl.json"}
	case bytes.ContainsRune(text, '\r') && !bytes.ContainsRune(text, '\n'):
		return &fault{summary: "the configuration's lines end with CR alone", hint: "save it with line ends of Unix (LF) or Windows (CR LF)"}
	}
	return nil
}

// Errors of the parsers that differ from all others in what they mean for the
// rest of the file.
const (
	attributeTwice     = "Attribute redefined" // it stands as it was written
	attributeTwiceJSON = "Duplicate argument"
	quoteUnclosed      = "Invalid multi-line string" // strings and the rest have changed places
)

// line is a line of one of the files.
type line struct {
	file   string
	number int
}

func lineOf(at hcl.Range) line { return line{at.Filename, at.Start.Line} }

// beside names a line, seen from another place.
func (l line) beside(at hcl.Range) string {
	if l.file != at.Filename {
		return fmt.Sprintf("line %d of %s", l.number, l.file)
	}
	return fmt.Sprintf("line %d", l.number)
}

// syntax records what the parser found in a file. After a quote that is not closed
// it goes on to report what follows from that, which would only be in the way.
func (r *reader) syntax(diags hcl.Diagnostics) {
	diags = slices.DeleteFunc(slices.Clone(diags), func(d *hcl.Diagnostic) bool {
		return d.Severity != hcl.DiagError || d.Subject == nil
	})
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int {
		return cmp.Compare(a.Subject.Start.Byte, b.Subject.Start.Byte)
	})
	var lines []line
	for _, d := range diags {
		if d.Summary == quoteUnclosed {
			r.broken = true
			r.refuse(*d.Subject, fault{summary: "this string is not closed", hint: `a string ends with " on the line where it begins`})
			lines = append(lines, lineOf(*d.Subject))
			break
		}
		if d.Summary != attributeTwice && d.Summary != attributeTwiceJSON {
			r.broken = true
			lines = append(lines, lineOf(*d.Subject))
		}
		r.refuse(*d.Subject, fault{summary: d.Summary, hint: d.Detail})
	}
	for _, l := range lines {
		r.brokenLines[l] = true
	}
}

// join adds what a file says to what those before it say.
func (r *reader) join(whole, body *hclsyntax.Body) {
	for name, attribute := range body.Attributes {
		if first := whole.Attributes[name]; first != nil {
			r.refuse(attribute.NameRange, repeated(fmt.Sprintf("%q", name), first.NameRange, attribute.NameRange, "leave one out"))
			continue
		}
		whole.Attributes[name] = attribute
	}
	whole.Blocks = append(whole.Blocks, body.Blocks...)
}
