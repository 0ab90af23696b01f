package main

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// built is what Go has stamped into the program.
type built struct {
	version string    // as files are named: 1.2.3, or 0.0.0~20261123040000.0123456789ab of a commit without a tag
	time    time.Time // of the commit
}

// output runs a command in a folder, and returns what it prints; its complaints are
// in the error.
func output(folder string, environment []string, name string, args ...string) (string, error) {
	command := exec.Command(name, args...)
	command.Dir = folder
	command.Env = append(os.Environ(), environment...)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, &complaints)
	}
	return strings.TrimSpace(string(out)), nil
}

// build builds the program, static and without paths of this machine in it.
func (r *release) build(system, processor string) (program string, err error) {
	program = filepath.Join(r.work, system+"-"+processor, "wampool")
	if system == "windows" {
		program += ".exe"
	}
	environment := []string{"CGO_ENABLED=0", "GOOS=" + system, "GOARCH=" + processor, "GOAMD64=v1", "GOFLAGS="}
	build := func(stamped string) error {
		_, err := output(r.top, environment, "go", "build", "-trimpath", "-buildvcs="+stamped, "-pgo="+r.profile, "-ldflags=-s -w -buildid=", "-o", program, "./cmd/wampool")
		return err
	}
	err = build("true") // whatever the developer's own settings are
	if err != nil && strings.Contains(err.Error(), "VCS") {
		err = build("false")
	}
	return program, err
}

// buildForHost builds the program that writes manual pages and completions, and
// reads from it which version this is.
func (r *release) buildForHost() (err error) {
	if r.host, err = r.build(runtime.GOOS, runtime.GOARCH); err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(r.host)
	if err != nil {
		return err
	}
	r.built = built{version: fileVersion(info.Main.Version), time: time.Unix(0, 0).UTC()}
	if r.built.version == unversioned {
		fmt.Fprintln(os.Stderr, "dist: git does not tell go which commit this is, as in no clone or a worktree: there is no version")
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.time" {
			if r.built.time, err = time.Parse(time.RFC3339, setting.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// unversioned is the version where git tells none.
const unversioned = "0.0.0~devel"

// fileVersion is a Go version as Debian and RPM order it: what comes before a
// release has a ~, and no - is in it.
func fileVersion(version string) string {
	version = strings.TrimPrefix(version, "v")
	if version == "" || version == "(devel)" {
		return unversioned
	}
	release, before, found := strings.Cut(version, "-")
	if found {
		release += "~" + before
	}
	return strings.NewReplacer("-", ".", "+", ".").Replace(release)
}

// environment tells tools which time it is.
func (r *release) environment() []string {
	return []string{"SOURCE_DATE_EPOCH=" + strconv.FormatInt(r.built.time.Unix(), 10)}
}

// completions are for each shell, by the name of their file.
var completions = map[string]string{"bash": "wampool.bash", "zsh": "_wampool", "fish": "wampool.fish", "powershell": "wampool.ps1"}

// writeManual writes the manual pages and the completions.
func (r *release) writeManual() error {
	if _, err := output(r.top, r.environment(), r.host, "man", filepath.Join(r.work, "man")); err != nil {
		return err
	}
	folder := filepath.Join(r.work, "completions")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for shell, file := range completions {
		script, err := output(r.top, nil, r.host, "completion", shell)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, file), []byte(script+"\n"), 0o644); err != nil {
			return err
		}
	}
	return nil
}
