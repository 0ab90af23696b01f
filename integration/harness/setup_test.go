//go:build unix

package harness

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// setUp runs setup_optional.sh where there is nothing yet, on a machine that has
// these programs beside what the script itself is made of. Each of them fails.
func setUp(t *testing.T, has ...string) (said string) {
	t.Helper()
	script, err := os.ReadFile(Path("setup_optional.sh"))
	if err != nil {
		t.Fatal(err)
	}
	dir, tools := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"setup_optional.sh": string(script), "java/Client.java": "", "java/pom.xml": "",
		"rust/Cargo.toml": "", "rust/Cargo.lock": "", "rust/src/main.rs": "",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	for _, name := range has {
		write(t, filepath.Join(tools, name), "#!/bin/sh\nexit 1\n")
	}
	for _, name := range []string{"bash", "cat", "cut", "dirname", "id", "mkdir", "rm", "sha256sum"} {
		program, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(program, filepath.Join(tools, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", tools)
	out, err := Command("bash", filepath.Join(dir, "setup_optional.sh")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	before := folder
	folder = dir
	t.Cleanup(func() { folder = before })
	return string(out)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// Where a machine lacks the tools, what they would install is excused; where it
// has them and they fail, it is not. Either way it is told in one line.
func TestWhatCannotBeInstalledIsExcused(t *testing.T) {
	for name, test := range map[string]struct {
		has     []string
		excused map[string]string // the reasons, by what is missing
	}{
		"a bare machine": {nil, map[string]string{
			"java": "java is not installed", "rust": "cargo is not installed", "chromium": "Chromium is not installed",
			"prometheus": "this is no Debian", "helm": "python3 is not installed",
		}},
		"half of Java": {[]string{"java", "javac", "cargo"}, map[string]string{
			"java": "mvn is not installed", "chromium": "Chromium is not installed", "prometheus": "this is no Debian", "helm": "python3 is not installed",
		}},
		"tools that do not work": {[]string{"java", "javac", "mvn", "cargo"}, map[string]string{
			"chromium": "Chromium is not installed", "prometheus": "this is no Debian", "helm": "python3 is not installed",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			said := setUp(t, test.has...)
			for what, in := range map[string]string{
				"java": "Java", "rust": "Rust", "chromium": "a browser", "prometheus": "Prometheus", "helm": "Helm",
			} {
				if n := strings.Count(said, "integration tests with "+in+" are left out: "); n != 1 {
					t.Errorf("it is said %d times that tests with %s are left out:\n%s", n, in, said)
				}
				why, excused := missing(what)
				reason, want := test.excused[what]
				if why == "" || excused != want || !strings.HasSuffix(why, reason) {
					t.Errorf("%s: %q, excused %t, want %q, %t", what, why, excused, reason, want)
				}
			}
		})
	}
}

// What is installed is not looked for.
func TestWhatIsInstalledIsNotMissing(t *testing.T) {
	setUp(t)
	write(t, Path(".java/.installed"), "")
	if why, _ := missing("java"); why != "" {
		t.Error(why)
	}
}
