package crossbar

import (
	"fmt"
	"regexp"
	"strconv"
)

// node is a value of the source.
type node struct {
	kind   kind
	text   string   // of a string
	number int      // of a whole number
	truth  bool     // of true
	names  []string // of an object's members, one for one
	within []*node  // an object's or a list's
	line   int
	path   string // as in workers[0].realms[1]
	used   bool   // somebody has looked at it
}

type kind int

const (
	null kind = iota
	text
	number
	truth
	list
	object
	other // a number that is not whole
)

var plainName = regexp.MustCompile(`^[\w-]+$`)

// name names the node and what is in it.
func (n *node) name(path string) {
	n.path = path
	for i, child := range n.within {
		switch {
		case n.kind == list:
			child.name(fmt.Sprintf("%s[%d]", path, i))
		case !plainName.MatchString(n.names[i]):
			child.name(fmt.Sprintf("%s[%s]", path, strconv.Quote(n.names[i])))
		case path == "":
			child.name(n.names[i])
		default:
			child.name(path + "." + n.names[i])
		}
	}
}

// where is the node's place for a person.
func (n *node) where() string { return fmt.Sprintf("%s (line %d)", n.path, n.line) }

// get returns a member, the last of that name; an empty node where there is none.
func (n *node) get(name string) *node {
	if n.kind == object {
		n.used = true
		for i := len(n.names) - 1; i >= 0; i-- {
			if n.names[i] == name {
				n.within[i].used = true
				return n.within[i]
			}
		}
	}
	return &node{}
}

// has tells whether there is a member.
func (n *node) has(name string) bool { return n.get(name).path != "" }

// each calls what with the members of an object, or the elements of a list.
func (n *node) each(what func(name string, child *node)) {
	n.used = true
	for i, child := range n.within {
		name := ""
		if n.kind == object {
			name = n.names[i]
		}
		child.used = true
		what(name, child)
	}
}

// string returns a string, or what stands for it where there is none.
func (n *node) string(otherwise string) string {
	if n.kind == text {
		return n.text
	}
	return otherwise
}

// leave marks the node and all in it: it is told of already.
func (n *node) leave() {
	n.used = true
	for _, child := range n.within {
		child.leave()
	}
}

// unused returns the nodes that nobody has looked at, less what is in such a one.
func (n *node) unused() (found []*node) {
	if !n.used {
		return []*node{n}
	}
	for _, child := range n.within {
		found = append(found, child.unused()...)
	}
	return found
}
