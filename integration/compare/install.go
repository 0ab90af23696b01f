package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// haproxyDir is where HAProxy is unpacked if it is not installed.
const haproxyDir = "integration/.haproxy"

// findHAProxy returns the command that runs HAProxy: the installed one, or
// Debian's, which it unpacks beside the tests.
func findHAProxy() ([]string, error) {
	if path, err := exec.LookPath("haproxy"); err == nil {
		return []string{path}, nil
	}
	dir, err := filepath.Abs(haproxyDir)
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(dir, "usr/sbin/haproxy")
	if _, err := os.Stat(binary); err != nil {
		fmt.Fprintln(os.Stderr, "unpacking Debian's HAProxy")
		if err := unpackHAProxy(dir); err != nil {
			return nil, fmt.Errorf("HAProxy is not installed, and Debian's package can't be unpacked: %w", err)
		}
	}
	libraries, err := filepath.Glob(filepath.Join(dir, "usr/lib/*-linux-gnu*"))
	if err != nil || len(libraries) == 0 {
		return nil, errors.Join(err, errors.New("HAProxy's libraries are missing"))
	}
	return []string{"/usr/bin/env", "LD_LIBRARY_PATH=" + libraries[0], binary}, nil
}

// unpackHAProxy downloads the package and the library that no other program
// brings along, without installing them.
func unpackHAProxy(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	script := `set -e
		apt-get download haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 2>/dev/null || {
			apt-get update -qq && apt-get download haproxy liblua5.3-0
		}
		for package in *.deb; do dpkg-deb -x "$package" .; done
		rm -f *.deb`
	command := exec.Command("/bin/bash", "-c", script) // with this environment: apt-get asks it for a proxy
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

const haproxyConfig = `global
  maxconn 4000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen relay
  bind 127.0.0.1:%d %s
  server router %s
`

// relay lets HAProxy copy bytes between a port and a router.
func (b *lab) relay(router string) (*node, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	p, err := b.relayBy(fmt.Sprintf(haproxyConfig, port, "", hostOf(router)), port)
	return nodeAt(p, port), err
}

// relayBy starts HAProxy with a configuration, by which it listens on a port.
func (b *lab) relayBy(config string, port int) (*process, error) {
	file := filepath.Join(b.dir, fmt.Sprintf("haproxy-%d.cfg", port))
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	p, err := b.keep(func() (*process, error) { return start("haproxy", append(b.haproxy, "-f", file, "-db")...) })
	if err != nil {
		return nil, err
	}
	return p, p.waitPort(port)
}

const crossbarConfig = `{
  "version": 2,
  "workers": [{
    "type": "router",
    "realms": [{"name": "realm1", "roles": [{"name": "anonymous", "permissions": [
      {"uri": "", "match": "prefix", "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]}]}],
    "transports": [{"type": "web", "endpoint": {"type": "tcp", "port": %d, "interface": "127.0.0.1"},
      "paths": {"ws": {"type": "websocket", "auth": {"anonymous": {"type": "static", "role": "anonymous"}}}}}]
  }]
}`

// startCrossbar starts a node, and returns its router worker's process too,
// which is where the calls go through.
func (b *lab) startCrossbar() (*node, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(b.dir, fmt.Sprintf("crossbar-%d", port))
	if err := os.Mkdir(dir, 0o755); err != nil { // not its parent, which a signal may have removed
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), fmt.Appendf(nil, crossbarConfig, port), 0o600); err != nil {
		return nil, err
	}
	binary, err := filepath.Abs("integration/.venv/bin/crossbar")
	if err != nil {
		return nil, err
	}
	p, err := b.keep(func() (*process, error) { return start("crossbar", binary, "start", "--cbdir", dir) })
	if err != nil {
		return nil, err
	}
	if _, err := p.expect("NODE_BOOT_COMPLETE"); err != nil {
		return nil, err
	}
	return nodeAt(p, port), nil
}
