package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// suite is what all of them encrypt with, and what Go's TLS chooses: HAProxy would
// choose a longer key.
const suite = "TLS_AES_128_GCM_SHA256"

const secureConfig = `router {
  url = %[1]q
  dial_timeout = "10s" # for thousands at once
  tls { ca_file = %[3]q }
}
listen "wss://127.0.0.1:%[2]d/ws" {
  tls {
    cert_file = %[3]q
    key_file  = %[3]q
  }
}
realm "realm1" {}
log { level = "warn" }
`

// secure starts wampool and HAProxy before a router, with TLS on both hops.
func (b *lab) secure(router, certificate string) (sidecar, relay *node, err error) {
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	p, err := b.configured(fmt.Sprintf(secureConfig, router, port, certificate), port)
	if err != nil {
		return nil, nil, err
	}
	sidecar = &node{p, fmt.Sprintf("wss://127.0.0.1:%d/ws", port)}
	if port, err = freePort(); err != nil {
		return nil, nil, err
	}
	bind := fmt.Sprintf("ssl crt %s ciphersuites %s", certificate, suite)
	server := fmt.Sprintf("%s ssl verify required ca-file %s ciphersuites %s", hostOf(router), certificate, suite)
	p, err = b.relayBy(fmt.Sprintf(haproxyConfig, port, bind, server), port)
	return sidecar, &node{p, fmt.Sprintf("wss://127.0.0.1:%d/ws", port)}, err
}

// tls compares a pool with a relay where both encrypt what goes to the callees and
// what goes to the router.
func (b *lab) tls() ([]row, error) {
	certificate, err := b.certificate()
	if err != nil {
		return nil, err
	}
	r, err := b.listening("router", "-certificate", certificate)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, payload := range []int{100, 10_000} {
		sidecar, relay, err := b.secure(r.url, certificate)
		if err != nil {
			return rows, err
		}
		procedure, roots := fmt.Sprintf("com.example.secret.%d", payload), []string{"-roots", certificate}
		call := append([]string{"-payload", strconv.Itoa(payload)}, roots...)
		pooled, err := b.calling(r.url, sidecar, procedure, call, append(roots, "-invoke", "roundrobin")...)
		if err != nil {
			return rows, err
		}
		relayed, err := b.calling(r.url, relay, procedure+".relayed.", call, roots...)
		if err != nil {
			return rows, err
		}
		if err := b.takeTurns(128, pooled, relayed); err != nil {
			return rows, err
		}
		what := fmt.Sprintf("pool behind the demo's router, 4 callees, TLS on both hops, 128 in flight, CBOR %s: CPU ÷ HAProxy's", sizeOf(payload))
		rows = append(rows, ratio(what, 1.2, pooled.perCall, relayed.perCall))
		b.endSides(pooled, relayed)
		b.end(sidecar.process, relay.process)
	}
	b.end(r.process)
	return rows, nil
}

// certificate makes one for this machine that is its own authority. It returns the
// file that has it and its key.
func (b *lab) certificate() (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return "", err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	var content bytes.Buffer
	_ = pem.Encode(&content, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	_ = pem.Encode(&content, &pem.Block{Type: "PRIVATE KEY", Bytes: private})
	file := filepath.Join(b.dir, "certificate.pem")
	return file, os.WriteFile(file, content.Bytes(), 0o600)
}
