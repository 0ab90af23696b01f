package harness

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Patience is how long a test waits for what must happen.
const Patience = 60 * time.Second

// temporary is a folder that is removed at the end.
var temporary string

// Main runs a package's tests: its TestMain is this call and nothing else. At the
// end it stops what the tests share. Where setup.sh has installed nothing there
// are no tests, which is a failure where CI is true.
func Main(m *testing.M) {
	if _, err := os.Stat(Path(".installed")); err != nil {
		if inCI() {
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
	defer stopShared()
	return m.Run()
}

// folder is integration itself. The go command runs tests in their package's
// folder, which is one below it.
var folder, _ = filepath.Abs("..")

// Path is where something lies below the folder integration.
func Path(below string) string { return filepath.Join(folder, below) }

func inCI() bool { return os.Getenv("CI") == "true" }

// Needs leaves a test out where setup.sh has not installed what it drives: java,
// rust, chromium, prometheus or helm. It said so. Where CI is true, that is a failure unless the
// machine lacks what would install it.
func Needs(t *testing.T, what string) {
	t.Helper()
	switch why, excused := missing(what); {
	case why == "":
	case inCI() && !excused:
		t.Fatal(why)
	default:
		t.Skip(why)
	}
}

// missing tells why that is not installed, "" if it is, and whether the machine
// lacks what would install it.
func missing(what string) (why string, excused bool) {
	if _, err := os.Stat(Path("." + what + "/.installed")); err == nil {
		return "", false
	}
	lack, err := os.ReadFile(Path("." + what + "/.lacks"))
	if err != nil {
		return what + " is not installed (integration/setup.sh)", false
	}
	return fmt.Sprintf("%s is not installed (integration/setup.sh): %s", what, bytes.TrimSpace(lack)), true
}
