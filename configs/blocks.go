package configs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// reader walks the blocks of the files and gathers the mistakes on its way.
type reader struct {
	labels   labels
	mistakes []mistake
	warnings []mistake

	// Where the syntax is broken, the parser has dropped parts of the file:
	// nothing is said to be missing, and no line is reported twice.
	broken      bool
	brokenLines map[line]bool
}

// add records a mistake. One without a summary stands for what the parser
// has reported before.
func (r *reader) add(m mistake) {
	if m.summary != "" && !r.brokenLines[lineOf(m.at)] {
		r.mistakes = append(r.mistakes, m)
	}
}

func (r *reader) refuse(at hcl.Range, f fault) { r.add(mistake{f, at}) }

// warn records what is valid, and probably not meant.
func (r *reader) warn(at hcl.Range, f fault) { r.warnings = append(r.warnings, mistake{f, at}) }

// missing records that something is not there.
func (r *reader) missing(at hcl.Range, f fault) {
	if !r.broken {
		r.refuse(at, f)
	}
}

// open begins to read a body: it refuses the names that the shape lacks.
func (r *reader) open(shape *shape, body *hclsyntax.Body, head hcl.Range) *scope {
	s := &scope{reader: r, shape: shape, body: body, head: head}
	for name, attribute := range body.Attributes {
		switch {
		case slices.Contains(shape.attributes, name):
		case slices.Contains(shape.blocks, name):
			r.refuse(attribute.NameRange, fault{
				summary: fmt.Sprintf("%q is a block, not an attribute", name),
				hint:    "write it without =: " + shapeOf(name).header() + " … }",
			})
		default:
			r.refuse(attribute.NameRange, shape.unknown("attribute", name))
		}
	}
	for _, block := range body.Blocks {
		switch {
		case slices.Contains(shape.blocks, block.Type):
		case slices.Contains(shape.attributes, block.Type):
			r.refuse(block.TypeRange, fault{
				summary: fmt.Sprintf("%q is an attribute, not a block", block.Type),
				hint:    block.Type + " = …",
			})
		default:
			r.refuse(block.TypeRange, shape.unknown("block", block.Type))
		}
	}
	return s
}

// each reads the blocks of a shape. It gives their label, "" where the shape
// has none or the label is wrong in number, and the label's place.
func (s *scope) each(shape *shape, read func(b *scope, label string, at hcl.Range)) {
	for _, block := range s.body.Blocks {
		if block.Type != shape.name {
			continue
		}
		label, at := "", block.TypeRange
		switch {
		case shape.label == "" && len(block.Labels) > 0:
			s.refuse(block.LabelRanges[0], fault{
				summary: fmt.Sprintf("a block %q has no label", shape.name),
				hint:    shape.header() + " … }",
			})
		case shape.label != "" && len(block.Labels) != 1:
			s.refuse(block.TypeRange, fault{
				summary: fmt.Sprintf("a block %q has one label", shape.name),
				hint:    "example: " + shape.header() + " … }",
			})
		case shape.label != "":
			if text, ok := s.label(block.Labels[0], block.LabelRanges[0]); ok {
				label, at = text, block.LabelRanges[0]
			}
		}
		read(s.open(shape, block.Body, block.TypeRange), label, at)
	}
}

// once reads the block of a shape that may be there once. It returns whether
// it was.
func (s *scope) once(shape *shape, read func(b *scope)) bool {
	var first hcl.Range
	s.each(shape, func(b *scope, _ string, _ hcl.Range) {
		if first.Start.Line > 0 {
			s.refuse(b.head, repeated(fmt.Sprintf("block %q", shape.name), first, b.head, "one is enough"))
			return
		}
		first = b.head
		read(b)
	})
	return first.Start.Line > 0
}

// repeated is the fault of something that is there already.
func repeated(what string, first, second hcl.Range, hint string) fault {
	return fault{summary: fmt.Sprintf("a second %s; the first is in %s", what, lineOf(first).beside(second)), hint: hint}
}

// block returns the shape of a block that this one may hold.
func (s *shape) block(name string) *shape {
	for _, of := range shapes {
		if of.name == name && strings.HasPrefix(of.of, s.name) {
			return of
		}
	}
	return shapeOf(name)
}

func shapeOf(name string) *shape {
	for _, s := range shapes {
		if s.name == name {
			return s
		}
	}
	panic("configs: every block of a shape must have a shape: " + name)
}
