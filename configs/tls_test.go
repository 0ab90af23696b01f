package configs

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// writeCertificate writes a certificate that signs itself, and its key.
func writeCertificate(t *testing.T, dir, name string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		name + ".crt": {Type: "CERTIFICATE", Bytes: certificate},
		name + ".key": {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	writeCertificate(t, dir, "a")
	writeCertificate(t, dir, "b")
	in := func(name string) string { return filepath.Join(dir, name) }
	c, err := Parse([]byte(`
		router {
			url = "rss://router.example:8443"
			tls {
				ca_file     = "b.crt"
				cert_file   = "`+in("a.crt")+`"
				key_file    = "a.key"
				server_name = "router"
			}
		}
		listen "wss://127.0.0.1:9000/ws" {
			tls {
				cert_file      = "a.crt"
				key_file       = "a.key"
				client_ca_file = "b.crt"
			}
		}
		listen "rss://127.0.0.1:9001" {
			tls {
				cert_file      = "b.crt"
				key_file       = "b.key"
				client_ca_file = ""
			}
		}
		listen "unix:///run/wampool.sock" {}`), in("wampool.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Listen{
		{URL: "wss://127.0.0.1:9000/ws", TLS: &TLS{CertFile: in("a.crt"), KeyFile: in("a.key"), CAFile: in("b.crt")}},
		{URL: "rss://127.0.0.1:9001", TLS: &TLS{CertFile: in("b.crt"), KeyFile: in("b.key")}},
		{URL: "unix:///run/wampool.sock"},
	}
	if diff := cmp.Diff(want, c.Listen); diff != "" {
		t.Errorf("listeners (-want +got):\n%s", diff)
	}
	wantTLS := &TLS{CertFile: in("a.crt"), KeyFile: in("a.key"), CAFile: in("b.crt"), ServerName: "router"}
	if diff := cmp.Diff(wantTLS, c.Router.TLS); diff != "" {
		t.Errorf("router (-want +got):\n%s", diff)
	}
	_, err = Parse([]byte(head+`listen "rss://127.0.0.1:9001" {
		tls {
			cert_file = "a.crt"
			key_file  = "b.key"
		}
	}`), in("wampool.hcl"))
	wantMistakes(t, err, "cert_file and key_file can't be used: private key does not match public key")
	_, err = Default("wss://router/ws", "wss://127.0.0.1:9000/ws", "realm1")
	wantMistakes(t, err, "a listener with TLS needs a certificate")
}
