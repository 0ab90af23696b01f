package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen.
const patience = 60 * time.Second

// wampoolBinary is the program under test, built with the race detector.
var wampoolBinary string

func TestMain(m *testing.M) {
	if _, err := os.Stat(".installed"); err != nil {
		if os.Getenv("CI") == "true" {
			fmt.Println("integration tests can't run: Crossbar.io and the clients are not installed (integration/setup.sh)")
			os.Exit(1)
		}
		fmt.Println("integration tests are left out: Crossbar.io and the clients are not installed (integration/setup.sh)")
		os.Exit(0)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "wampool-integration-")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	wampoolBinary = filepath.Join(dir, "wampool")
	build := exec.Command("go", "build", "-race", "-o", wampoolBinary, "../cmd/wampool")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Printf("building wampool: %v\n%s", err, out)
		return 1
	}
	// A program with the race detector sleeps for a second before it exits.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=10"); err != nil {
		fmt.Println(err)
		return 1
	}
	defer stopShared()
	return m.Run()
}
