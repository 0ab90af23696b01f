//go:build unix

package harness

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What tests start behaves alike whoever runs them: the environment is the
// tests' own.
func TestProgramsGetTheTestsOwnEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"PYTHONUNBUFFERED": "", "LANG": "tr_TR.ISO-8859-9", "LC_ALL": "C", "TZ": "Asia/Kathmandu", "TERM": "xterm-256color",
		"CROSSBAR_REACTOR": "poll", "NODE_OPTIONS": "--throw-deprecation", "PYTHONPATH": "/nonexistent", "http_proxy": "http://127.0.0.1:9",
	} {
		t.Setenv(name, value)
	}
	shell := OwnProcess(t, "shell", "/bin/sh", "-c", "env; echo done")
	shell.Await(t, "done")
	shell.End(t)
	for _, line := range shell.LinesFrom(0) {
		name, value, found := strings.Cut(line, "=")
		if !found || slices.Contains([]string{"PWD", "OLDPWD", "SHLVL", "_"}, name) { // the shell's own
			continue
		}
		if !slices.Contains([]string{"PATH", "HOME", "TMPDIR", "TZ", "TERM", "LANG", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "GORACE"}, name) {
			t.Errorf("%s comes from elsewhere", line)
		}
		if name == "PYTHONUNBUFFERED" && value != "1" || name == "LANG" && value != "C.UTF-8" || name == "TZ" && value != "UTC" {
			t.Errorf("%s is not the tests' own", line)
		}
	}
}

// No HOME, as in many containers: programs get a folder that they can write.
func TestProgramsHaveAHome(t *testing.T) {
	t.Setenv("HOME", "")
	if !slices.Contains(Environment(), "HOME="+os.TempDir()) {
		t.Errorf("environment %q", Environment())
	}
}

// Whatever is started here is prepared by [Command], the go command and
// apt-get excepted.
func TestAllProgramsArePreparedInOnePlace(t *testing.T) {
	starting := regexp.MustCompile(`exec\.Command(?:Context)?\(.*`)
	var places []string
	err := fs.WalkDir(os.DirFS(Path("")), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(path, ".") || path == "node_modules") { // what setup.sh has installed
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".go" || path == "harness/environment_test.go" {
			return nil
		}
		source, err := os.ReadFile("../" + path)
		for _, call := range starting.FindAllString(string(source), -1) {
			if !strings.Contains(call, `("go", `) {
				places = append(places, path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(places, []string{"compare/install.go", "harness/environment.go"}) {
		t.Errorf("programs are started in %q", places)
	}
}

// A router that does not start is said in one line, at once.
func TestCauseOfAFailedStart(t *testing.T) {
	failing, err := start("router", ".", nil, "/bin/sh", "-c", "echo 'Traceback (most recent call last):' >&2; echo 'ModuleNotFoundError: No module named x' >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	_, err = failing.waitLine(0, "ready")
	if got, want := cause(err), `router ended (exit status 3) without saying "ready"; its last line: ModuleNotFoundError: No module named x`; got != want {
		t.Errorf("cause %q, want %q", got, want)
	}
	_, err = start("router", ".", nil, "./nothing", "is", "here")
	if got, want := cause(err), "router does not start: fork/exec ./nothing: no such file or directory"; got != want {
		t.Errorf("cause %q, want %q", got, want)
	}
}

// The run of continuous integration sees no more of its machine's environment
// than a stranger's has, so that a green run is a stranger's too.
func TestContinuousIntegrationRunsAsAStranger(t *testing.T) {
	for name, value := range map[string]string{
		"HTTPS_PROXY": "http://127.0.0.1:1", "PIP_FIND_LINKS": "/with a space", "npm_config_registry": "http://127.0.0.1:2", "CI": "true",
		"PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8", "PIP_TARGET": "/nonexistent", "NODE_ENV": "production",
	} {
		t.Setenv(name, value)
	}
	folder := t.TempDir()
	printing := "#!/bin/sh\necho \"command: $*\"\nenv\n"
	if err := os.WriteFile(filepath.Join(folder, "make"), []byte(printing), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+string(filepath.ListSeparator)+os.Getenv("PATH"))
	run := Command("../../.ci/run")
	run.Env = os.Environ()
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(string(out), "\n")
	for _, want := range []string{
		"command: test", "HTTPS_PROXY=http://127.0.0.1:1", "PIP_FIND_LINKS=/with a space", "npm_config_registry=http://127.0.0.1:2", "CI=true",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("it runs without %q:\n%s", want, out)
		}
	}
	for _, line := range lines {
		switch name, _, _ := strings.Cut(line, "="); name {
		case "PYTHONUNBUFFERED", "LANG", "PIP_TARGET", "NODE_ENV":
			t.Errorf("it runs with %s", line)
		}
	}
}
