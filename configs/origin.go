package configs

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const originExample = `example: allowed_origins = ["app.example.com", "*.example.org"]`

// origins reads the hosts whose web pages may connect. null and file:// stand for
// pages that have none.
func (s *scope) origins(l *Listen) {
	const name = "allowed_origins"
	s.names(name, &l.AllowedOrigins)
	attribute := s.body.Attributes[name]
	if attribute != nil && !strings.HasPrefix(l.URL, "ws") {
		s.refuse(attribute.NameRange, fault{summary: name + " is for WebSocket: no web page speaks RawSocket", hint: "leave it out"})
		return
	}
	if len(l.AllowedOrigins) == 0 {
		return
	}
	for _, expr := range attribute.Expr.(*hclsyntax.TupleConsExpr).Exprs {
		if host, m := evaluateString(expr); m == nil && host != "" {
			if f := checkOrigin(host); f != nil {
				s.refuse(expr.Range(), *f)
			}
			if strings.EqualFold(host, "null") {
				s.warn(expr.Range(), fault{
					summary: "null stands for any page that is shown in a sandboxed frame, whoever wrote it: every page can connect so",
					hint:    "name the hosts of the pages that may",
				})
			}
		}
	}
}

// checkOrigin returns the mistake in the host of web pages, nil for none.
func checkOrigin(host string) *fault {
	switch {
	case strings.EqualFold(host, "null") || strings.EqualFold(host, "file://"): // of pages that have no host
	case strings.Contains(host, "://"):
		return &fault{summary: "an origin is a host here, without a scheme", hint: originExample}
	case strings.ContainsAny(host, "/?#@,; \t\r\n"):
		return &fault{summary: "this is not a host", hint: originExample}
	}
	return nil
}
