package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"time"
)

// What is released is built by a profile of where calls spend their time
// (https://go.dev/doc/pgo), which takes a tenth off what they cost. It is renewed by
// `make profile`, now and then: an old one does no harm.

// calls is where the profile stands in the repository.
const calls = "cmd/wampool/default.pgo"

// profiled are the calls of which it is made.
var profiled = []struct {
	direct   bool
	inFlight int
}{{false, 128}, {true, 128}, {false, 4}}

const adminConfig = `admin {
  address = "127.0.0.1:%d"
  pprof   = true
}
`

// profile writes a profile of them, of a round each.
func (b *lab) profile(file string) error {
	r, err := b.router("demo")
	if err != nil {
		return err
	}
	var parts []string
	for i, p := range profiled {
		procedure, pool := fmt.Sprintf("com.example.profiled%d", i), ""
		if p.direct {
			pool = fmt.Sprintf(directPool, procedure)
		}
		port, err := freePort()
		if err != nil {
			return err
		}
		sidecar, err := b.sidecarOf(r.url, fmt.Sprintf("realm %q {\n%s\n}\n"+adminConfig, realm, pool, port))
		if err != nil {
			return err
		}
		router := r.url
		if p.direct {
			router = sidecar.url
		}
		s, err := b.behind(router, sidecar, procedure, "-invoke", "roundrobin")
		if err != nil {
			return err
		}
		part := filepath.Join(b.dir, fmt.Sprintf("part%d.pprof", i))
		if err := s.profileTo(part, port, p.inFlight, b.round); err != nil {
			return err
		}
		parts = append(parts, part)
		b.endSides(s)
		b.end(sidecar.process)
	}
	merged := filepath.Join(b.dir, "merged.pprof")
	if _, err := b.run(append([]string{"go", "tool", "pprof", "-proto", "-output=" + merged}, parts...)...); err != nil {
		return err
	}
	return strip(merged, file)
}

// profileTo profiles the side for so long while it is called.
func (s *side) profileTo(file string, adminPort, inFlight int, length time.Duration) error {
	took := make(chan error, 1)
	go func() {
		took <- fetch(fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/profile?seconds=%.0f", adminPort, max(1, length.Seconds())), file)
	}()
	err := s.turn(fmt.Sprintf("run %s %d", length+time.Second, inFlight))
	return errors.Join(err, <-took)
}

// fetch puts what a URL gives into a file.
func fetch(url, file string) error {
	response, err := http.Get(url) //nolint:noctx // of a program that was started here, and ends with this one
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, response.Status)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o600)
}

// strip copies a profile, without the folders of this machine.
func strip(from, to string) error {
	packed, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	in, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	content, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	if content, err = withoutPaths(content); err != nil {
		return err
	}
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, err = w.Write(content)
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}

// Protocol Buffers, as far as a profile's message needs them.
const (
	varint       = 0
	lengthPrefix = 2
	stringTable  = 6 // of https://github.com/google/pprof/blob/main/proto/profile.proto
)

// withoutPaths leaves only the last part of each absolute path among a profile's strings.
func withoutPaths(profile []byte) ([]byte, error) {
	bad := errors.New("not a profile")
	var out []byte
	for rest := profile; len(rest) > 0; {
		tag, n := binary.Uvarint(rest)
		value, m := binary.Uvarint(rest[max(n, 0):])
		if n <= 0 || m <= 0 {
			return nil, bad
		}
		head := rest[:n+m]
		rest = rest[n+m:]
		if tag&7 == varint {
			out = append(out, head...)
			continue
		}
		if tag&7 != lengthPrefix || value > uint64(len(rest)) {
			return nil, bad
		}
		content := rest[:value]
		rest = rest[value:]
		if tag>>3 == stringTable && bytes.HasPrefix(content, []byte("/")) {
			content = []byte(path.Base(string(content)))
		}
		out = binary.AppendUvarint(binary.AppendUvarint(out, tag), uint64(len(content)))
		out = append(out, content...)
	}
	return out, nil
}
