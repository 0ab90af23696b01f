package proxy

import (
	"testing"

	"github.com/wampool/wampool/configs"
)

func TestBlocksGovernByPattern(t *testing.T) {
	b := newBlocks([]configs.Pool{
		{URI: "a.b", Match: "exact"},
		{URI: "", Match: "prefix"},
		{URI: "a.", Match: "prefix"},
		{URI: "a.b.c", Match: "prefix"},
	})
	for procedure, want := range map[string]string{
		"a.b": "a.b", "a.b.c": "a.b.c", "a.b.cd": "a.b.c", "a.b.x": "a.", "a": "", "b.c": "", "wamp.session.count": "none",
	} {
		if got := blockOf(&b, procedure); got != want {
			t.Errorf("prefix: %q is governed by %q, want %q", procedure, got, want)
		}
	}
	b = newBlocks([]configs.Pool{
		{URI: "a..c", Match: "wildcard"},
		{URI: "..c", Match: "wildcard"},
		{URI: "a.b.", Match: "wildcard"},
		{URI: "a..c..e", Match: "wildcard"},
		{URI: "a..c.d.", Match: "wildcard"},
		{URI: "x", Match: "prefix"},
	})
	for procedure, want := range map[string]string{
		"a.b.c": "a.b.", "a.x.c": "a..c", "z.x.c": "..c", "a.b": "none", "a.b.d": "a.b.", "a.1.c.d.e": "a..c.d.", "a.1.c.2.e": "a..c..e",
		"x.1.c": "x", "wamp.1.c": "none", "a.b.c.d": "none",
	} {
		if got := blockOf(&b, procedure); got != want {
			t.Errorf("wildcard: %q is governed by %q, want %q", procedure, got, want)
		}
	}
}

func blockOf(b *patterns[*configs.Pool], procedure string) string {
	if p := governing(b, procedure); p != nil {
		return p.URI
	}
	return "none"
}
