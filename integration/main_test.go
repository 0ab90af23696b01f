package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen.
const patience = 60 * time.Second

// wampoolBinary is the program under test, built with the race detector where
// the tests are, in temporary, a folder that is removed at the end.
var wampoolBinary, temporary string

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
	var err error
	if temporary, err = os.MkdirTemp("", "wampool-integration-"); err != nil {
		fmt.Println(err)
		return 1
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	wampoolBinary = filepath.Join(temporary, "wampool")
	build := Command("go", "build", raceDetector, "-buildvcs=false", "-o", wampoolBinary, "../cmd/wampool") // git may know this checkout as another user's
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Printf("building wampool: %v\n%s", err, out)
		return 1
	}
	defer stopShared()
	return m.Run()
}

// needs leaves a test out where setup.sh could not install what it drives: java,
// rust or chromium. It said so.
func needs(t *testing.T, what string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join("."+what, ".installed")); err != nil {
		t.Skipf("%s is not installed (integration/setup.sh)", what)
	}
}
