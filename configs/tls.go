package configs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// TLS names the files, in PEM, with which one hop is secured. They are there
// and fit together when the configuration is read; they may be replaced later.
type TLS struct {
	CertFile   string // this side's certificate; a listener always has one
	KeyFile    string // its private key
	CAFile     string // whose certificates the other side may have; "": any of the system's roots, or a listener's client needs none
	ServerName string // the router's name in its certificate; "": the host of its URL
}

// secureSchemes are those of URLs that a tls block is for.
var secureSchemes = []string{"wss", "rss"}

func secureURL(raw string) bool {
	scheme, _, _ := strings.Cut(raw, "://")
	return slices.Contains(secureSchemes, strings.ToLower(scheme))
}

// routerTLS reads the tls block of the router.
func (s *scope) routerTLS(r *Router) {
	s.once(routerTLSShape, func(b *scope) {
		if r.URL != "" && !secureURL(r.URL) && b.setsAnything() {
			s.refuse(b.head, fault{summary: "the router's URL is not one of TLS", hint: "leave this block out, or use wss:// or rss://"})
		}
		if !b.setsAnything() {
			return
		}
		r.TLS = &TLS{}
		b.authorities("ca_file", &r.TLS.CAFile)
		b.keyPair(r.TLS)
		b.checked("server_name", &r.TLS.ServerName, checkServerName)
	})
}

// listenTLS reads the tls block of a listener, which needs one exactly if its
// URL is one of TLS.
func (s *scope) listenTLS(l *Listen, at hcl.Range) {
	secure := secureURL(l.URL)
	found := s.once(listenTLSShape, func(b *scope) {
		if !secure && !b.setsAnything() {
			return
		}
		if !secure {
			s.refuse(b.head, fault{summary: "the listen URL is not one of TLS", hint: "leave this block out, or use wss:// or rss://"})
		}
		l.TLS = &TLS{}
		b.keyPair(l.TLS)
		b.authorities("client_ca_file", &l.TLS.CAFile)
		if secure && b.isEmpty("cert_file") {
			b.missing(b.head, fault{summary: "this tls block needs a cert_file", hint: `example: cert_file = "wampool.crt"`})
		}
	})
	if secure && !found {
		s.missing(at, fault{summary: "a listener with TLS needs a certificate", hint: "name it by cert_file and key_file in a tls block within this one"})
	}
}

// setsAnything tells whether a block says more than the defaults, which are
// empty.
func (s *scope) setsAnything() bool {
	for name := range s.body.Attributes {
		if !s.isEmpty(name) {
			return true
		}
	}
	return false
}

// isEmpty tells whether an attribute is absent, or "" as its default is.
func (s *scope) isEmpty(name string) bool {
	attribute := s.body.Attributes[name]
	if attribute == nil {
		return true
	}
	value, m := evaluateString(attribute.Expr)
	return m == nil && value == ""
}

// pem reads the name of a file and the file. It is false where there is none,
// or a mistake.
func (s *scope) pem(name string, into *string) (content []byte, at hcl.Range, ok bool) {
	path, at, ok := s.text(name)
	if !ok || path == "" {
		return nil, at, false
	}
	full := absolute(path, at)
	content, err := readPEM(full)
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if err != nil {
		s.refuse(at, fault{summary: "cannot read the " + name + ": " + err.Error()})
		return nil, at, false
	}
	*into = full
	return content, at, true
}

func readPEM(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > maxPEMBytes:
		return nil, errors.New("longer than " + formatSize(maxPEMBytes))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxPEMBytes))
}

// authorities reads a file of certificates to trust.
func (s *scope) authorities(name string, into *string) {
	content, at, ok := s.pem(name, into)
	if ok && !x509.NewCertPool().AppendCertsFromPEM(content) {
		s.refuse(at, fault{summary: "no certificate in PEM form is in the " + name})
	}
}

// keyPair reads a certificate and its key. Errors of the parser tell of the
// form of a key, and not of what is in it.
func (s *scope) keyPair(t *TLS) {
	cert, certAt, certOK := s.pem("cert_file", &t.CertFile)
	key, keyAt, keyOK := s.pem("key_file", &t.KeyFile)
	if keyOK {
		s.warnOfReaders(keyAt, "key_file", t.KeyFile)
	}
	switch noCert, noKey := s.isEmpty("cert_file"), s.isEmpty("key_file"); {
	case noKey && !noCert:
		s.missing(s.body.Attributes["cert_file"].Expr.Range(), fault{summary: "a cert_file needs its key_file"})
	case noCert && !noKey:
		s.missing(s.body.Attributes["key_file"].Expr.Range(), fault{summary: "a key_file needs its cert_file"})
	case certOK && keyOK:
		if _, err := tls.X509KeyPair(cert, key); err != nil {
			s.refuse(certAt, fault{summary: "cert_file and key_file can't be used: " + strings.TrimPrefix(err.Error(), "tls: ")})
		}
	}
}

func checkServerName(name string) *fault {
	if strings.ContainsAny(name, "/: \t#") {
		return &fault{summary: "server_name must be the name of a host", hint: `example: server_name = "router.example.com"`}
	}
	return nil
}
