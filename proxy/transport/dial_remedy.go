package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// What comes back from a router whose URL names the wrong scheme tells which one
// it should be: the first byte of a protocol is its own.
const (
	firstOfTLS  = 0x15 // an alert (RFC 8446, 5.1), to what is no TLS
	firstOfHTTP = 'H'  // HTTP/1.1 400
)

var errNoAnswer = errors.New("no answer")

// foreignError is an answer in another protocol than the URL's scheme names.
type foreignError struct {
	spoken string // in the words of a sentence
	first  byte   // of the answer
}

func (e *foreignError) Error() string { return "it does not speak " + e.spoken }

// remedy says what may be changed so that a router can be reached at u; "" where
// that is not known.
func remedy(u *url.URL, err error) string {
	secure := map[string]string{"ws": "wss", "rs": "rss"}
	plain := map[string]string{"wss": "ws", "rss": "rs"}
	instead := map[string]string{"rs": "ws", "rss": "wss", "ws": "rs", "wss": "rss", "unix": "ws"}
	var foreign *foreignError
	var noTLS tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case errors.As(err, &noTLS):
		return fmt.Sprintf("it does not speak TLS here: use %s:// in router.url", plain[u.Scheme])
	case errors.As(err, &foreign) && foreign.first == firstOfTLS && secure[u.Scheme] != "":
		return fmt.Sprintf("it speaks TLS: use %s:// in router.url", secure[u.Scheme])
	case errors.As(err, &foreign) && foreign.first == rawMagic:
		return fmt.Sprintf("it speaks RawSocket: use %s:// in router.url, without a path", instead[u.Scheme])
	case errors.As(err, &foreign) && foreign.first == firstOfHTTP:
		return fmt.Sprintf("it speaks HTTP, so perhaps WebSocket: use %s:// in router.url, with its path", instead[u.Scheme])
	case errors.Is(err, errNoAnswer): // Twisted's servers, for one, wait for what they understand
		return "if it is there, check the scheme of router.url: TLS or not, WebSocket or RawSocket"
	case errors.As(err, &unknown):
		return "name the file of its CA's certificate by tls.ca_file in the router block"
	case errors.As(err, &name):
		return "name the host that its certificate is for by tls.server_name in the router block"
	}
	return ""
}

// advice is the remedy for an answer by HTTP.
func (e *RefusedError) advice() string {
	switch {
	case e.Status == http.StatusNotFound:
		return "check the path in router.url"
	case e.Status == http.StatusOK:
		return "it has a page there and no WebSocket: check the path in router.url"
	case e.Status == http.StatusBadRequest && strings.Contains(e.Body, "HTTPS"): // as nginx and Go's servers say it
		return "it speaks TLS: use wss:// in router.url"
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		return "it wants a login by HTTP, or does not allow the Origin"
	}
	return ""
}
