package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFileVersion(t *testing.T) {
	for version, want := range map[string]string{
		"":                                       "0.0.0~devel",
		"(devel)":                                "0.0.0~devel",
		"v1.2.3":                                 "1.2.3",
		"v1.2.3+dirty":                           "1.2.3.dirty",
		"v1.3.0-rc.1":                            "1.3.0~rc.1",
		"v0.0.0-20261123040000-0123456789ab":     "0.0.0~20261123040000.0123456789ab",
		"v1.2.4-0.20261123040000-0123456789ab":   "1.2.4~0.20261123040000.0123456789ab",
		"v0.0.0-20261123040000-0123456789+dirty": "0.0.0~20261123040000.0123456789.dirty",
	} {
		if got := fileVersion(version); got != want {
			t.Errorf("fileVersion(%q) = %q, want %q", version, got, want)
		}
	}
}

// The unit of packages is the one in deploy/systemd, but for where the program is
// and for its user.
func TestUnitOfPackages(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wampool.service")
	r := release{top: filepath.Join("..", "..")}
	if err := r.writeUnit(file); err != nil {
		t.Fatal(err)
	}
	unit, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"/usr/local", "DynamicUser", "install -m"} {
		if strings.Contains(string(unit), word) {
			t.Errorf("%s is in\n%s", word, unit)
		}
	}
	for _, line := range []string{"[Unit]", "[Install]", "User=wampool", "ExecStart=/usr/bin/wampool run -c /etc/wampool/wampool.hcl"} {
		if !strings.Contains(string(unit), "\n"+line+"\n") {
			t.Errorf("no %s in\n%s", line, unit)
		}
	}
}

// A module that the SBOM lacks is named.
func TestSBOMIsCompared(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bom.json")
	if err := os.WriteFile(file, []byte(`{"components": [{"name": "github.com/rs/zerolog", "version": "v0.0.1"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	r := release{top: filepath.Join("..", "..")}
	err := r.compareSBOM(file)
	if err == nil || !strings.Contains(err.Error(), "github.com/rs/zerolog") || !strings.Contains(err.Error(), "github.com/spf13/cobra") {
		t.Errorf("error %v, want one that names what is lacking", err)
	}
}

// What is not from here is not emptied.
func TestForeignFolderIsLeftAlone(t *testing.T) {
	folder := t.TempDir()
	kept := filepath.Join(folder, "letter.txt")
	if err := os.WriteFile(kept, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := release{out: folder}
	if err := r.prepare(); err == nil || !strings.Contains(err.Error(), "letter.txt is not from here") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
}
