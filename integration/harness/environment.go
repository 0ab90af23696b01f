package harness

import (
	"os"
	"os/exec"
)

// Command prepares a program that a test or a comparison starts, on all systems
// and at all developers' with the same environment: [Environment]. The go
// command alone gets the developer's own, which say where it keeps what it has
// downloaded and built.
func Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	if name != "go" {
		cmd.Env = Environment()
	}
	return cmd
}

// Environment returns all of the environment that a started program gets, and
// nothing else may decide how it behaves. Of this process's own it has where
// programs are found and where files go.
func Environment() []string {
	environment := []string{
		"LANG=C.UTF-8",
		"PYTHONUNBUFFERED=1",        // a line that Python prints is there at once, also in a pipe: tests wait for it
		"PYTHONDONTWRITEBYTECODE=1", // nor does it write beside the sources
		"TZ=UTC",
		"TERM=dumb",
		"GORACE=atexit_sleep_ms=10", // a program with the race detector else sleeps for a second before it exits
		"HOME=" + home(),
	}
	for _, name := range []string{"PATH", "TMPDIR"} {
		if value, set := os.LookupEnv(name); set {
			environment = append(environment, name+"="+value)
		}
	}
	return environment
}

// home is the user's, or a folder that all may write where there is none:
// containers and services do without.
func home() string {
	if dir, err := os.UserHomeDir(); err == nil {
		return dir
	}
	return os.TempDir()
}
