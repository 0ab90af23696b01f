package shipped

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// debian builds this machine's .deb, and returns its path.
func debian(t *testing.T) string {
	t.Helper()
	top, err := filepath.Abs(harness.Path(".."))
	if err != nil {
		t.Fatal(err)
	}
	tools := filepath.Join(top, ".bin")
	if _, err := os.Stat(filepath.Join(tools, "nfpm")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("packages can't be built: %v", err)
		}
		t.Skipf("packages can't be built (make .bin/nfpm): %v", err)
	}
	out := t.TempDir()
	build := harness.Command("go", "run", "./deploy/dist", "-out", out, "-tools", tools, "-platforms", "linux/"+runtime.GOARCH, "-kinds", "deb", "-profile", "off")
	build.Dir = top
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	found, err := filepath.Glob(filepath.Join(out, "*.deb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("packages: %q (%v)", found, err)
	}
	return found[0]
}

// packedFile is a file of a package.
type packedFile struct {
	mode    int64
	content string
}

// packedFiles reads a part of a .deb, control or data.
func packedFiles(t *testing.T, file, part string) map[string]packedFile {
	t.Helper()
	deb, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const magic, header = "!<arch>\n", 60
	rest, isArchive := bytes.CutPrefix(deb, []byte(magic))
	for isArchive && len(rest) >= header {
		size, err := strconv.Atoi(strings.TrimSpace(string(rest[48:58])))
		if err != nil || size > len(rest)-header {
			t.Fatalf("%s: a broken archive (%v)", file, err)
		}
		if strings.HasPrefix(string(rest), part+".tar.gz") {
			return filesOfTar(t, rest[header:header+size])
		}
		rest = rest[min(len(rest), header+size+size%2):]
	}
	t.Fatalf("%s has no %s.tar.gz", file, part)
	return nil
}

func filesOfTar(t *testing.T, zipped []byte) map[string]packedFile {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]packedFile)
	for archive := tar.NewReader(plain); ; {
		next, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if next.Typeflag == tar.TypeReg {
			files[strings.TrimPrefix(next.Name, ".")] = packedFile{next.Mode, string(content)}
		}
	}
}

// A package has the program, the service with its user and configuration, and a
// manual page for each command.
func TestPackage(t *testing.T) {
	deb := debian(t)
	files, control := packedFiles(t, deb, "data"), packedFiles(t, deb, "control")
	for name, words := range map[string][]string{
		"/usr/lib/systemd/system/wampool.service":           {"ExecStart=/usr/bin/wampool run -c /etc/wampool/wampool.hcl", "User=wampool"},
		"/usr/lib/sysusers.d/wampool.conf":                  {"u wampool "},
		"/etc/wampool/wampool.hcl":                          {"router {"},
		"/usr/share/bash-completion/completions/wampool":    {"complete -o default"},
		"/usr/share/zsh/vendor-completions/_wampool":        {"#compdef wampool"},
		"/usr/share/fish/vendor_completions.d/wampool.fish": {"complete -c wampool"},
		"/usr/share/doc/wampool/copyright":                  {"Apache License"},
		"/usr/share/doc/wampool/CHANGELOG.md":               {"# Changelog"},
		"/usr/share/doc/wampool/examples/compute.hcl":       {"pool "},
		"/usr/share/doc/wampool/examples/wampool.socket":    {"FileDescriptorName=ws"},
		"/usr/share/man/man5/wampool.hcl.5.gz":              nil,
		"/usr/share/man/man1/wampool.1.gz":                  nil,
		"/usr/share/man/man1/wampool-import-crossbar.1.gz":  nil,
		"/usr/share/man/man1/wampool-completion-bash.1.gz":  nil,
	} {
		file, ok := files[name]
		if !ok || file.mode&0o777 != 0o644 {
			t.Errorf("no %s, or of mode %o", name, file.mode)
		}
		for _, word := range words {
			if !strings.Contains(file.content, word) {
				t.Errorf("%s lacks %q", name, word)
			}
		}
	}
	if strings.Contains(files["/usr/lib/systemd/system/wampool.service"].content, "/usr/local/") {
		t.Error("the unit looks for the program where packages do not put it")
	}
	if program := files["/usr/bin/wampool"]; program.mode&0o777 != 0o755 || strings.Contains(program.content, harness.Path("..")) {
		t.Errorf("the program has mode %o, or names a path of this machine", program.mode)
	}
	if got := control["/conffiles"].content; strings.TrimSpace(got) != "/etc/wampool/wampool.hcl" {
		t.Errorf("files that a package must not replace: %q", got)
	}
	for _, command := range regexp.MustCompile(`(?m)^  ([a-z]+) +[A-Z]`).FindAllStringSubmatch(harness.Tool(t, "--help"), -1) {
		if _, ok := files["/usr/share/man/man1/wampool-"+command[1]+".1.gz"]; !ok && command[1] != "help" {
			t.Errorf("wampool %s has no manual page", command[1])
		}
	}
	t.Run("installed", func(t *testing.T) { installed(t, deb) })
}
