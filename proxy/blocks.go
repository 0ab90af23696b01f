package proxy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/wampool/wampool/configs"
)

// blocks are the pool blocks of a realm, by the procedures that they govern:
// exact before prefix before wildcard, and of those the most specific, as the
// specification orders registrations ("Pattern-based Registration").
type blocks struct {
	exact              map[string]*configs.Pool
	prefixes, wildcard []*configs.Pool // the most specific first
}

func newBlocks(pools []configs.Pool) blocks {
	b := blocks{exact: make(map[string]*configs.Pool)}
	for i := range pools {
		switch p := &pools[i]; p.Match {
		case "prefix":
			b.prefixes = append(b.prefixes, p)
		case "wildcard":
			b.wildcard = append(b.wildcard, p)
		default:
			b.exact[p.URI] = p
		}
	}
	slices.SortStableFunc(b.prefixes, func(x, y *configs.Pool) int { return cmp.Compare(len(y.URI), len(x.URI)) })
	slices.SortStableFunc(b.wildcard, func(x, y *configs.Pool) int { return moreSpecific(x.URI, y.URI) })
	return b
}

// governing returns the block for a procedure URI, nil if there is none.
func (b *blocks) governing(procedure string) *configs.Pool {
	if p := b.exact[procedure]; p != nil {
		return p
	}
	if isReserved(procedure) {
		return nil
	}
	for _, p := range b.prefixes {
		if strings.HasPrefix(procedure, p.URI) {
			return p
		}
	}
	for _, p := range b.wildcard {
		if matchesWildcard(p.URI, procedure) {
			return p
		}
	}
	return nil
}

// isReserved tells whether a procedure is the router's own.
func isReserved(procedure string) bool { return strings.HasPrefix(procedure, "wamp.") }

// matchesWildcard tells whether a URI has the components of a pattern, whose
// empty ones stand for any.
func matchesWildcard(pattern, uri string) bool {
	for {
		want, morePattern, patternGoesOn := strings.Cut(pattern, ".")
		got, moreURI, uriGoesOn := strings.Cut(uri, ".")
		if want != "" && want != got || patternGoesOn != uriGoesOn {
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
