package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// CertificateFiles name what TLS is made of, all in PEM. Empty names stand for
// nothing.
type CertificateFiles struct {
	CertFile   string // this side's certificate, with intermediate ones behind it
	KeyFile    string // its private key
	CAFile     string // whose certificates the other side may have
	ServerName string // of the router's certificate; "": the host that is dialed
}

// certificateInterval is how often at most the files are looked at.
const certificateInterval = time.Second

// Certificates hold what the files have, and take it anew when they change. A
// new file that can't be used changes nothing, and is reported once.
type Certificates struct {
	files CertificateFiles
	warn  func(error)

	mu             sync.Mutex
	looked         time.Time
	seen           [3]fileState
	server, client *tls.Config
}

// fileState tells whether a file was replaced.
type fileState struct {
	modified time.Time
	size     int64
}

// LoadCertificates reads the files. Failures later on go to warn, which must
// not block.
func LoadCertificates(files CertificateFiles, warn func(error)) (*Certificates, error) {
	c := &Certificates{files: files, warn: warn, looked: time.Now()}
	c.seen = c.look()
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

// Server returns the configuration of a listener. With it clients must show a
// certificate where there is a CAFile. It stays up to date by itself.
func (c *Certificates) Server() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			server, _ := c.current()
			return server, nil
		},
	}
}

// Client returns the configuration for one connection to a router.
func (c *Certificates) Client() *tls.Config {
	_, client := c.current()
	return client
}

// Peers returns the configurations of both sides of a connection between equals: each
// shows its certificate, and takes any of the CA's, for whatever host that is. A
// CertFile and a CAFile are needed.
func (c *Certificates) Peers() (server, client *tls.Config) {
	server, client = c.current()
	client = client.Clone()
	client.InsecureSkipVerify = true // VerifyConnection does all of it but the name
	client.VerifyConnection = func(state tls.ConnectionState) error {
		o := x509.VerifyOptions{Roots: client.RootCAs, Intermediates: x509.NewCertPool()}
		for _, certificate := range state.PeerCertificates[1:] {
			o.Intermediates.AddCert(certificate)
		}
		_, err := state.PeerCertificates[0].Verify(o)
		return err
	}
	return server, client
}

// current returns what the files have, as of a second ago at most.
func (c *Certificates) current() (server, client *tls.Config) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) >= certificateInterval {
		c.looked = now
		if seen := c.look(); seen != c.seen {
			c.seen = seen
			if err := c.load(); err != nil {
				c.warn(fmt.Errorf("new certificate files can't be used, the old ones stay in force: %w", err))
			}
		}
	}
	return c.server, c.client
}

func (c *Certificates) look() (seen [3]fileState) {
	for i, name := range []string{c.files.CertFile, c.files.KeyFile, c.files.CAFile} {
		if info, err := os.Stat(name); err == nil {
			seen[i] = fileState{info.ModTime(), info.Size()}
		}
	}
	return seen
}

// load makes configurations of the files.
func (c *Certificates) load() error {
	// What is sent has gathered: small records at first would only cost more.
	server := &tls.Config{MinVersion: tls.VersionTLS12, DynamicRecordSizingDisabled: true}
	client := &tls.Config{MinVersion: tls.VersionTLS12, DynamicRecordSizingDisabled: true, ServerName: c.files.ServerName}
	if c.files.CertFile != "" {
		certificate, err := tls.LoadX509KeyPair(c.files.CertFile, c.files.KeyFile)
		if err != nil {
			return fmt.Errorf("certificate %s with key %s: %w", c.files.CertFile, c.files.KeyFile, err)
		}
		server.Certificates = []tls.Certificate{certificate}
		client.Certificates = server.Certificates
	}
	if c.files.CAFile != "" {
		authorities, err := loadAuthorities(c.files.CAFile)
		if err != nil {
			return fmt.Errorf("CA file %s: %w", c.files.CAFile, err)
		}
		server.ClientCAs, server.ClientAuth = authorities, tls.RequireAndVerifyClientCert
		client.RootCAs = authorities
	}
	c.server, c.client = server, client
	return nil
}

func loadAuthorities(name string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in PEM form is in it")
	}
	return authorities, nil
}
