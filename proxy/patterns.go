package proxy

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/wampool/wampool/configs"
)

// patterns finds what stands at the pattern that fits a procedure URI best:
// exact before prefix before wildcard, and of those the most specific, as the
// specification orders registrations ("Design Aspects", #name-design-aspects-2).
// Finding costs a lookup for each length that a prefix has, and a look at each wildcard.
type patterns[T any] struct {
	exact, prefix map[string]T
	lengths       []prefixLength // longest first
	wildcard      []wildcard[T]
}

// prefixLength is how many prefixes have a length.
type prefixLength struct{ length, prefixes int }

// wildcard is a pattern whose empty components stand for any, and what stands there.
type wildcard[T any] struct {
	pattern string
	value   T
}

// newBlocks are the pool blocks of a realm, by the procedures that they govern.
func newBlocks(pools []configs.Pool) patterns[*configs.Pool] {
	var b patterns[*configs.Pool]
	for i := range pools {
		b.put(pools[i].Match, pools[i].URI, &pools[i])
	}
	return b
}

// governing returns the block for a procedure URI, nil if there is none. A
// reserved one is governed by a block of just that URI.
func governing(blocks *patterns[*configs.Pool], procedure string) *configs.Pool {
	if block := blocks.exact[procedure]; block != nil || isReserved(procedure) {
		return block
	}
	block, _ := blocks.best([]byte(procedure), func(*configs.Pool) bool { return true })
	return block
}

// blockMatches tells whether a block's own pattern matches a URI.
func blockMatches(block *configs.Pool, uri []byte) bool {
	switch block.Match {
	case "prefix":
		return bytes.HasPrefix(uri, []byte(block.URI))
	case "wildcard":
		return matchesWildcard(block.URI, uri)
	}
	return block.URI == string(uri)
}

// isReserved tells whether a procedure is the router's own ("URIs", #name-uris).
func isReserved[T string | []byte](procedure T) bool {
	const reserved = "wamp."
	return len(procedure) >= len(reserved) && string(procedure[:len(reserved)]) == reserved
}

// put sets what stands at a pattern, which matches by "prefix", "wildcard", or
// else exactly. Nothing may stand there yet.
func (p *patterns[T]) put(match, pattern string, value T) {
	switch match {
	case "prefix":
		if p.prefix == nil {
			p.prefix = make(map[string]T)
		}
		p.prefix[pattern] = value
		p.count(len(pattern), 1)
	case "wildcard":
		i, _ := slices.BinarySearchFunc(p.wildcard, pattern, func(w wildcard[T], pattern string) int {
			return moreSpecific(w.pattern, pattern)
		})
		p.wildcard = slices.Insert(p.wildcard, i, wildcard[T]{pattern, value})
	default:
		if p.exact == nil {
			p.exact = make(map[string]T)
		}
		p.exact[pattern] = value
	}
}

// remove takes away what stands at a pattern.
func (p *patterns[T]) remove(match, pattern string) {
	switch match {
	case "prefix":
		if _, known := p.prefix[pattern]; known {
			delete(p.prefix, pattern)
			p.count(len(pattern), -1)
		}
	case "wildcard":
		p.wildcard = slices.DeleteFunc(p.wildcard, func(w wildcard[T]) bool { return w.pattern == pattern })
	default:
		delete(p.exact, pattern)
	}
}

// count notes that one more prefix has this length, or one less.
func (p *patterns[T]) count(length, change int) {
	i, known := slices.BinarySearchFunc(p.lengths, length, func(l prefixLength, length int) int { return cmp.Compare(length, l.length) })
	if !known {
		p.lengths = slices.Insert(p.lengths, i, prefixLength{length: length})
	}
	if p.lengths[i].prefixes += change; p.lengths[i].prefixes == 0 {
		p.lengths = slices.Delete(p.lengths, i, i+1)
	}
}

// best returns what stands at the pattern that fits a URI best, of all that
// counts. It is false if there is none.
func (p *patterns[T]) best(uri []byte, counts func(T) bool) (T, bool) {
	if value, ok := p.exact[string(uri)]; ok && counts(value) {
		return value, true
	}
	for _, l := range p.lengths {
		if l.length > len(uri) {
			continue
		}
		if value, ok := p.prefix[string(uri[:l.length])]; ok && counts(value) {
			return value, true
		}
	}
	for i := range p.wildcard {
		if w := &p.wildcard[i]; matchesWildcard(w.pattern, uri) && counts(w.value) {
			return w.value, true
		}
	}
	var none T
	return none, false
}

// matchesWildcard tells whether a URI has the components of a pattern, whose
// empty ones stand for any ("Wildcard Matching", #name-wildcard-matching).
func matchesWildcard(pattern string, uri []byte) bool {
	for {
		want, morePattern, patternGoesOn := strings.Cut(pattern, ".")
		got, moreURI, uriGoesOn := bytes.Cut(uri, []byte("."))
		if want != "" && want != string(got) || patternGoesOn != uriGoesOn {
			return false
		}
		if !patternGoesOn {
			return true
		}
		pattern, uri = morePattern, moreURI
	}
}

// moreSpecific orders wildcard patterns: the one with the longer portion before
// its first wildcard comes first, then before its second, and so on.
func moreSpecific(x, y string) int {
	a, b := portions(x), portions(y)
	for i := range min(len(a), len(b)) {
		if order := cmp.Compare(b[i], a[i]); order != 0 {
			return order
		}
	}
	return cmp.Compare(len(a), len(b))
}

// portions counts the components before each wildcard, and behind the last one.
func portions(pattern string) (lengths []int) {
	n := 0
	for component := range strings.SplitSeq(pattern, ".") {
		if component == "" {
			lengths, n = append(lengths, n), 0
			continue
		}
		n++
	}
	return append(lengths, n)
}
