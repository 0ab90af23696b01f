package harness

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Host is where programs run: the words before each of their commands, which bring
// them there. Without any, they run where the test does.
type Host []string

func (h Host) command(args ...string) []string { return append(slices.Clone(h), args...) }

// OwnNode is [OwnNode] on the host.
func (h Host) OwnNode(t *testing.T, config string) *Crossbar {
	t.Helper()
	c, err := startNode(h, config, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.stop)
	return c
}

// OwnLibrary is [OwnLibrary] on the host. It ends with the test.
func (h Host) OwnLibrary(t *testing.T, name string) *Program {
	t.Helper()
	p, err := startLibrary(h, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Process.Kill)
	return p
}

// Wampool runs wampool on the host with a whole configuration, until the test ends
// it: by SIGTERM, which it must survive well, or by [Process.Kill].
func (h Host) Wampool(t *testing.T, config string) *Wampool {
	t.Helper()
	file := filepath.Join(t.TempDir(), "wampool.hcl")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return h.launch(t, "-c", file)
}
