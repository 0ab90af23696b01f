package proxy

import (
	"crypto/tls"
	"errors"
	"fmt"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
	"github.com/wampool/wampool/proxy/transport/authority"
)

// identity is a certificate with its key, and whose it takes of others.
type identity struct {
	cert, key, ca string
	client        *tls.Config // by which a client is one of these, whom it keeps in mind
}

func newIdentity(t *testing.T, name string) *identity {
	t.Helper()
	a := authority.New(t, name)
	i := &identity{ca: a.File}
	i.cert, i.key = a.Issue("server of " + name)
	certificates, err := transport.LoadCertificates(transport.CertificateFiles{CertFile: i.cert, KeyFile: i.key, CAFile: a.File}, nil)
	if err != nil {
		t.Fatal(err)
	}
	i.client = certificates.Client()
	i.client.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	return i
}

// dial connects a client as one of these. It returns its end at the router.
func (w *world) dial(as *identity) (client, router *peer, err error) {
	dialed, err := transport.Dial(w.t.Context(), w.proxy.URLs()[0], transport.DialOptions{
		Timeout: patience, Serializers: []codec.Serializer{codec.JSON}, TLS: as.client,
	})
	if err != nil {
		return nil, nil, err
	}
	return newPeer(w.t, dialed.Conn), w.accept(), nil
}

// A listener that stays gets other certificates and authorities: who comes then is shown
// the new ones and must have one of theirs, also if it was here before; connections that
// are open live on.
func TestReloadOfCertificates(t *testing.T) {
	for _, scheme := range []string{"wss://127.0.0.1:0/ws", "rss://127.0.0.1:0"} {
		t.Run(scheme[:3], func(t *testing.T) {
			w, _ := newWorldAt(t, "", scheme, "")
			before, after := newIdentity(t, "before"), newIdentity(t, "after")
			secure := func(i *identity) Reloaded {
				w.listenTLS = fmt.Sprintf("tls {\n client_ca_file = %q\n cert_file = %q\n key_file = %q\n}", i.ca, i.cert, i.key)
				return w.reload(worldOptions{listen: scheme})
			}
			secure(before)
			url := w.proxy.URLs()[0]
			client, router, err := w.dial(before)
			if err != nil {
				t.Fatal(err)
			}
			w.welcome(client, router, "backend", "")

			w.tells(secure(after), []string{fmt.Sprintf("listen %q", scheme)}, nil)
			if now := w.proxy.URLs()[0]; now != url {
				t.Errorf("it listens at %s, and did at %s", now, url)
			}
			if _, _, err := w.dial(before); err == nil {
				t.Error("who trusts and has the certificates of before gets in")
			}
			wrongOne := *after // it trusts the server, and has a certificate of before
			wrongOne.client = after.client.Clone()
			wrongOne.client.Certificates, wrongOne.client.ClientSessionCache = before.client.Certificates, nil
			if _, _, err := w.dial(&wrongOne); err == nil {
				t.Error("who has a certificate of the authority of before gets in")
			}
			// Who has kept the session of before, and asks nothing about the server, is asked
			// for a certificate all the same.
			kept := *before
			kept.client = before.client.Clone()
			kept.client.RootCAs = after.client.RootCAs
			kept.client.InsecureSkipVerify = true
			if _, _, err := w.dial(&kept); err == nil {
				t.Error("who takes up a session of before gets in")
			}
			next, nextRouter, err := w.dial(after)
			if err != nil {
				t.Fatal(err)
			}
			w.welcome(next, nextRouter, "backend", "")
			client.send(`[16,1,{},"com.example.t"]`)
			router.expect(`[16,1,{},"com.example.t"]`)

			// Files that fit no more when they are used change nothing.
			config, err := w.config(worldOptions{listen: scheme})
			if err != nil {
				t.Fatal(err)
			}
			config.Listen[0].TLS.KeyFile = before.key
			if _, err := w.proxy.Reload(config); err == nil {
				t.Error("a key that is another certificate's is taken")
			}
			if _, _, err := w.dial(after); err != nil {
				t.Errorf("and the listener takes nobody any more: %v", err)
			}
		})
	}
}

// So do connections to the router: the pool session lives on, and who comes then is
// connected by what holds now.
func TestReloadOfTheRoutersCertificates(t *testing.T) {
	const secured = "wss://127.0.0.1:0/ws"
	w, pool := newWorldAt(t, secured, "", `pool "com.example.p" {}`)
	callee, _, registration := w.callee(pool, `{}`, ``)
	right, other := w.routerTLS, newIdentity(t, "other")
	w.routerTLS = fmt.Sprintf("tls {\n ca_file = %q\n}", other.ca)
	w.tells(w.reload(worldOptions{realm: `pool "com.example.p" {}`}), []string{"router.tls"}, nil)
	var refused *transport.RefusedError
	_, err := transport.Dial(t.Context(), w.proxy.URLs()[0], transport.DialOptions{Timeout: patience, Serializers: []codec.Serializer{codec.JSON}})
	if !errors.As(err, &refused) || refused.Status != 502 {
		t.Errorf("a router whose certificate is nobody's: %v", err)
	}
	pool.send(`[68,1,100,{}]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	w.routerTLS = right
	w.reload(worldOptions{realm: `pool "com.example.p" {}`})
	client, router := w.connect()
	w.welcome(client, router, "backend", "")
}
