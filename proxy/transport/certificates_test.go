package transport

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport/authority"
)

// certificates loads files; nothing may be warned of.
func certificates(t testing.TB, files CertificateFiles) *Certificates {
	t.Helper()
	c, err := LoadCertificates(files, func(err error) { t.Errorf("warning: %v", err) })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// secured returns TLS for both ends of a connection over this transport, if it
// has any.
func secured(t testing.TB, over string) (server, client *tls.Config) {
	t.Helper()
	if over != "wss" && over != "rss" {
		return nil, nil
	}
	a := authority.New(t, "CA")
	cert, key := a.Issue("server")
	return certificates(t, CertificateFiles{CertFile: cert, KeyFile: key}).Server(), certificates(t, CertificateFiles{CAFile: a.File}).Client()
}

// greet accepts each client and sends it a message.
func greet(h *Handshake) {
	conn, err := h.Accept(h.Serializers()[0], nil)
	if err != nil {
		return
	}
	_ = conn.Send([]byte("hello"))
	conn.Close(1000, "", time.Second)
}

// greeting dials, and returns the name in the certificate of the one who greets.
func greeting(t *testing.T, l *Listener, config *tls.Config) (name string, err error) {
	t.Helper()
	config = config.Clone()
	config.VerifyConnection = func(state tls.ConnectionState) error {
		name = state.PeerCertificates[0].Subject.CommonName
		return nil
	}
	dialed, err := Dial(t.Context(), l.URL(), DialOptions{Serializers: []codec.Serializer{codec.JSON}, TLS: config, Timeout: 10 * time.Second})
	if err != nil {
		return "", err
	}
	defer dialed.Conn.Wait()
	defer dialed.Conn.Abort(errTestOver)
	if got, err := dialed.Conn.Read(); err != nil || string(got) != "hello" {
		t.Errorf("greeting %q, %v", got, err)
	}
	return name, nil
}

func overTLS(t *testing.T, test func(t *testing.T, over string)) {
	for _, over := range []string{"wss", "rss"} {
		t.Run(over, func(t *testing.T) { test(t, over) })
	}
}

func TestClientCertificates(t *testing.T) { overTLS(t, testClientCertificates) }

func testClientCertificates(t *testing.T, over string) {
	a, other := authority.New(t, "CA"), authority.New(t, "other CA")
	cert, key := a.Issue("server")
	reports := make(chan error, 10)
	l := listenAt(t, addressOver(t, over), ListenOptions{
		TLS:    certificates(t, CertificateFiles{CertFile: cert, KeyFile: key, CAFile: a.File}).Server(),
		Report: func(err error) { reports <- err },
	}, nil, greet)
	cert, key = a.Issue("client")
	if name, err := greeting(t, l, certificates(t, CertificateFiles{CertFile: cert, KeyFile: key, CAFile: a.File}).Client()); name != "server" {
		t.Errorf("with a certificate: %q, %v", name, err)
	}
	if _, err := greeting(t, l, certificates(t, CertificateFiles{CAFile: a.File}).Client()); err == nil {
		t.Error("a client without certificate is taken")
	}
	if err := <-reports; !strings.Contains(err.Error(), "client didn't provide a certificate") {
		t.Errorf("report: %v", err)
	}
	cert, key = other.Issue("stranger")
	stranger := certificates(t, CertificateFiles{CertFile: cert, KeyFile: key, CAFile: a.File}).Client().Clone()
	stranger.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return &stranger.Certificates[0], nil // also where nobody asks for it
	}
	if _, err := greeting(t, l, stranger); err == nil {
		t.Error("a client with a certificate of another authority is taken")
	}
	if err := <-reports; !strings.Contains(err.Error(), "signed by unknown authority") {
		t.Errorf("report: %v", err)
	}
	if _, err := greeting(t, l, &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.1: %v", err)
	}
}

func TestServerName(t *testing.T) {
	a := authority.New(t, "CA")
	cert, key := a.Issue("router.example")
	l := listenAt(t, "rss://127.0.0.1:0", ListenOptions{TLS: certificates(t, CertificateFiles{CertFile: cert, KeyFile: key}).Server()}, nil, greet)
	if _, err := greeting(t, l, certificates(t, CertificateFiles{CAFile: a.File, ServerName: "router.example"}).Client()); err != nil {
		t.Error(err)
	}
	if _, err := greeting(t, l, certificates(t, CertificateFiles{CAFile: a.File, ServerName: "elsewhere.example"}).Client()); err == nil {
		t.Error("another name is accepted")
	}
}

func TestCertificatesAreReloaded(t *testing.T) {
	a := authority.New(t, "CA")
	cert, key := a.Issue("old")
	var warnings []error
	server, err := LoadCertificates(CertificateFiles{CertFile: cert, KeyFile: key}, func(err error) { warnings = append(warnings, err) })
	if err != nil {
		t.Fatal(err)
	}
	client := certificates(t, CertificateFiles{CAFile: a.File}).Client()
	l := listenAt(t, "rss://127.0.0.1:0", ListenOptions{TLS: server.Server()}, nil, greet)
	look := func(want string, wantWarnings int) {
		t.Helper()
		for range 2 {
			server.mu.Lock()
			server.looked = time.Time{} // long ago
			server.mu.Unlock()
			if name, err := greeting(t, l, client); name != want {
				t.Errorf("certificate of %q, %v; want %q", name, err, want)
			}
		}
		if len(warnings) != wantWarnings {
			t.Errorf("warnings %v, want %d", warnings, wantWarnings)
		}
	}
	look("old", 0)
	newCert, newKey := a.Issue("new")
	replace(t, newCert, cert)
	look("old", 1) // the key does not fit
	replace(t, newKey, key)
	look("new", 1)
	if err := os.WriteFile(cert, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	look("new", 2)
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	look("new", 3)
	if text := warnings[0].Error(); !strings.Contains(text, "the old ones stay in force: certificate "+cert) {
		t.Errorf("warning: %s", text)
	}
}

// replace gives a file another's content, in one step.
func replace(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(time.Minute) // whatever the clock of the file system
	if err := os.Chtimes(to, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestCertificateFilesThatAreNone(t *testing.T) {
	a, other := authority.New(t, "CA"), authority.New(t, "other")
	cert, key := a.Issue("server")
	_, otherKey := other.Issue("server")
	for _, c := range []struct {
		files CertificateFiles
		text  string
	}{
		{CertificateFiles{CertFile: cert + "x", KeyFile: key}, "no such file"},
		{CertificateFiles{CertFile: cert, KeyFile: otherKey}, "private key does not match public key"},
		{CertificateFiles{CertFile: key, KeyFile: key}, "failed to find certificate PEM data"},
		{CertificateFiles{CAFile: a.File + "x"}, "no such file"},
		{CertificateFiles{CAFile: key}, "no certificate in PEM form is in it"},
	} {
		if _, err := LoadCertificates(c.files, nil); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%+v: %v, want %q", c.files, err, c.text)
		}
	}
	if _, err := Listen(t.Context(), "wss://127.0.0.1:0/ws", ListenOptions{}); err == nil || !strings.Contains(err.Error(), "no certificate is given") {
		t.Errorf("listen: %v", err)
	}
}

// What a client of TLS sends is told from what is none.
func TestNoTLSAtATLSListener(t *testing.T) {
	server, _ := secured(t, "rss")
	reports := make(chan error, 1)
	l := listenAt(t, "rss://127.0.0.1:0", ListenOptions{TLS: server, Report: func(err error) { reports <- err }}, nil, greet)
	peer := octetsTo(t, l, bytes.Repeat([]byte{0x7f, 0xf1, 0, 0}, 4))
	if err := <-reports; !strings.Contains(err.Error(), "first record does not look like a TLS handshake") {
		t.Errorf("report: %v", err)
	}
	_ = peer.Close()
}

// A client need not wait for the answer to its upgrade request.
func TestEarlyFramesThroughTLS(t *testing.T) {
	secure, trusting := secured(t, "wss")
	read := make(chan string, 1)
	l := listenAt(t, "wss://127.0.0.1:0/ws", ListenOptions{TLS: secure}, nil, func(h *Handshake) {
		conn, err := h.Accept(codec.JSON, nil)
		if err != nil {
			t.Errorf("accept: %v", err)
			return
		}
		message, err := conn.Read()
		if err != nil {
			t.Errorf("read: %v", err)
		}
		read <- string(message)
		conn.Abort(errTestOver)
		conn.Wait()
	})
	peer, err := tls.Dial("tcp", l.url.Host, trusting)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	request := "GET /ws HTTP/1.1\nHost: HOST\n" + upgradeLines + "Sec-WebSocket-Protocol: wamp.2.json\n\n"
	if _, err := peer.Write([]byte(strings.ReplaceAll(request, "\n", "\r\n") + "\x81\x83\x00\x00\x00\x00[1]")); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != "[1]" {
		t.Errorf("got %q", got)
	}
}
