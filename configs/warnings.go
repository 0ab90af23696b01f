package configs

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// warnOfSecret warns of a secret that stands in the file itself, and of one in a
// file that others can read.
func (s *scope) warnOfSecret(expr hclsyntax.Expression) {
	if !readsElsewhere(expr) {
		s.warn(expr.Range(), fault{
			summary: "this secret is spelled out", hint: `keep it apart: env("NAME") or file("path")`, conceal: true,
		})
		return
	}
	file, ok := expr.(*hclsyntax.FunctionCallExpr)
	if !ok || file.Name != fileFunction {
		return
	}
	if path, m := evaluateString(file.Args[0]); m == nil {
		s.warnOfReaders(expr.Range(), "file of a secret", absolute(path, expr.Range()))
	}
}

// warnOfControl warns of an admin listener that strangers can steer, and of a word
// that changes nothing.
func (s *scope) warnOfControl(admin *Admin) {
	attribute := s.body.Attributes["control"]
	if !admin.Control {
		return
	}
	if admin.Socket() != "" {
		s.warn(attribute.NameRange, fault{
			summary: "control changes nothing on a Unix socket: who may write to its file may steer",
			hint:    "leave it out",
		})
		return
	}
	host, _, _ := net.SplitHostPort(admin.Address)
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		s.warn(attribute.NameRange, fault{
			summary: "whoever reaches the admin address can steer this sidecar: there is no login",
			hint:    `address = "127.0.0.1:9090", or a Unix socket`,
		})
	}
}

// warnOfReaders warns of a file that everybody on this machine can read.
func (s *scope) warnOfReaders(at hcl.Range, what, path string) {
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o004 == 0 {
		return
	}
	s.warn(at, fault{summary: fmt.Sprintf("this %s can be read by everybody (mode %#o)", what, info.Mode().Perm()), hint: "chmod o-rwx"})
}

// warnOfLinger warns of a sidecar that is dealt calls while it has no callee and
// others have, if they can't go on to those.
func (s *scope) warnOfLinger(pool *Pool, clustered bool) {
	if pool.Linger == 0 || pool.Upstream == DefaultUpstream || clustered && pool.Overflow && pool.Queue != nil {
		return
	}
	s.warn(s.body.Attributes["linger"].NameRange, fault{
		summary: fmt.Sprintf("with upstream = %q and linger, the router goes on to deal calls to this sidecar while it has no callee", pool.Upstream),
		hint:    "leave linger out where other sidecars serve the procedure",
	})
}

// warnOfOverflow warns of calls that are meant to go to peers, and never will.
func (s *scope) warnOfOverflow(pool *Pool, clustered bool) {
	attribute := s.body.Attributes["overflow"]
	if attribute == nil || !pool.Overflow {
		return
	}
	switch {
	case pool.Upstream == DefaultUpstream:
		s.warn(attribute.NameRange, fault{
			summary: "overflow changes nothing while upstream is single: no other sidecar has this procedure",
			hint:    `upstream = "roundrobin" lets several sidecars serve it`,
		})
	case !clustered:
		s.warn(attribute.NameRange, fault{summary: "overflow changes nothing without a cluster", hint: `example: cluster { join = ["wampool-peers:7946"] }`})
	case pool.Queue == nil:
		s.warn(attribute.NameRange, fault{
			summary: "without a queue nothing waits here, so no call goes to a peer: this pool only takes theirs",
			hint:    "queue { limit = 1000 }",
		})
	}
}

// warnOfOverlap warns of wildcard blocks that match the same procedures. Which
// one governs is decided by the portions before each wildcard, the longer one
// first ("Design Aspects", #name-design-aspects-2), which few people have in mind.
func (s *scope) warnOfOverlap(seen map[string]hcl.Range, pool *Pool, at hcl.Range) {
	if pool.Match != "wildcard" {
		return
	}
	for key, first := range seen {
		other, ok := strings.CutPrefix(key, "wildcard ")
		if !ok || first == at {
			continue
		}
		if both, ok := commonURI(other, pool.URI); ok {
			s.warn(at, fault{
				summary: fmt.Sprintf("this block and the one in %s both match %q", lineOf(first).beside(at), both),
				hint:    "the one with more components before its first wildcard governs; if they are as many, before its second, and so on",
			})
		}
	}
}

// commonURI returns a URI that two wildcard patterns match. It is false if there
// is none.
func commonURI(a, b string) (string, bool) {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	if len(x) != len(y) {
		return "", false
	}
	for i := range x {
		switch {
		case x[i] == "" && y[i] == "":
			x[i] = "x"
		case x[i] == "":
			x[i] = y[i]
		case y[i] != "" && x[i] != y[i]:
			return "", false
		}
	}
	return strings.Join(x, "."), true
}
