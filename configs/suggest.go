package configs

import "strings"

// maxNameBytes is the length up to which a name is compared with others: no
// name here is nearly as long, and the comparison is quadratic.
const maxNameBytes = 64

// nearest returns the candidate that name was probably meant to be, "" where
// none is near. Names that differ in case or separators only are the same.
func nearest(name string, candidates []string) string {
	if name == "" || len(name) > maxNameBytes {
		return ""
	}
	best, bestDistance := "", max(1, len(name)/3)+1
	for _, c := range candidates {
		if fold(c) == fold(name) {
			return c
		}
		if d := editDistance(name, c); d < bestDistance && d < len(c) {
			best, bestDistance = c, d
		}
	}
	return best
}

// fold makes dialTimeout, dial-timeout and dial_timeout one.
func fold(name string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
}

// editDistance counts the insertions, deletions, replacements and swaps of
// neighbours between a and b, each byte edited at most once.
func editDistance(a, b string) int {
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := prev[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			row[j] = min(replace, prev[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}
