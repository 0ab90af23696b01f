package shipped

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// The image of the Dockerfile runs. What its first stage compiles with is an image of
// somebody else, which is not fetched: the program and the roots are put in its place.
func TestImageRuns(t *testing.T) {
	buildah, err := exec.LookPath("buildah")
	if err != nil || os.Getuid() != 0 {
		t.Skip("no buildah, or not root: the image is not built")
	}
	dockerfile, err := os.ReadFile(harness.Path("../deploy/Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	_, image, found := strings.Cut(string(dockerfile), "\nFROM scratch\n")
	if !found {
		t.Fatal("the Dockerfile has no stage from scratch")
	}
	dir := t.TempDir()
	const stage = "FROM scratch AS build\nCOPY wampool /wampool\nCOPY roots /etc/ssl/certs/ca-certificates.crt\n\nFROM scratch\n"
	for name, text := range map[string]string{"Dockerfile": stage + image, "roots": "none\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) string {
		t.Helper()
		command := harness.Command(name, args...)
		command.Dir, command.Env = harness.Path(".."), append(command.Environ(), "CGO_ENABLED=0")
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run("go", "build", "-trimpath", "-buildvcs=false", "-pgo=off", "-o", filepath.Join(dir, "wampool"), "./cmd/wampool")
	storage := []string{"--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "vfs"}
	with := func(args ...string) []string { return append(append([]string{}, storage...), args...) }
	run(buildah, with("bud", "--isolation", "chroot", "--format", "docker", "-q", "-t", "wampool", dir)...)
	container := run(buildah, with("from", "wampool")...)
	if said := run(buildah, with("run", "--isolation", "chroot", container, "--", "/wampool", "--version")...); !strings.HasPrefix(said, "wampool ") {
		t.Errorf("in the image it says %q", said)
	}
	if user := run(buildah, with("inspect", "--format", "{{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}}", container)...); user != "65532:65532 [/wampool]" {
		t.Errorf("it is run as %q", user)
	}
}
