package shipped

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

// shell is a shell in which commands are typed one after the other.
type shell struct {
	t       *testing.T
	dir     string
	process *harness.Process
	played  int
}

// newShell starts one in a folder, with programs of these folders.
func newShell(t *testing.T, dir string, programs ...string) *shell {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skipf("there is no shell: %v", err)
	}
	s := &shell{t: t, dir: dir, process: harness.OwnProcess(t, "the shell", bash, "--norc", "--noprofile")}
	s.process.Say(t, fmt.Sprintf("cd '%s'; PATH='%s':$PATH", dir, strings.Join(programs, ":")))
	return s
}

// looking are the commands that change nothing.
var looking = []string{"cat ", "curl ", "grep ", "promtool ", "tail ", "wampool pools ", "wampool sessions ", "wampool top "}

// looks tells whether commands change nothing: then they may be given again.
func looks(commands string) bool {
	for line := range strings.Lines(commands) {
		if !slices.ContainsFunc(looking, func(begin string) bool { return strings.HasPrefix(line, begin) }) {
			return false
		}
	}
	return true
}

// play runs commands and returns what they print; where they only look, again until
// it is as wanted.
func (s *shell) play(commands string, wanted func(printed string) bool) string {
	s.t.Helper()
	for end := time.Now().Add(harness.Patience); ; {
		printed := s.once(commands)
		if !looks(commands) || wanted(printed) || time.Now().After(end) {
			return printed
		}
		<-time.After(100 * time.Millisecond)
	}
}

// once runs commands, in this shell itself: their variables and jobs stay. What
// programs in Python complain of is left out, which is their modules' own.
func (s *shell) once(commands string) string {
	s.t.Helper()
	s.played++
	path := func(kind string) string { return filepath.Join(s.dir, fmt.Sprintf("%s.%d", kind, s.played)) }
	if err := os.WriteFile(path("commands"), []byte(commands+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	mark := fmt.Sprintf("played %d", s.played)
	s.process.Say(s.t, fmt.Sprintf(". '%s' > '%s' 2> '%s' < /dev/null; echo '%s'", path("commands"), path("said"), path("complained"), mark))
	s.process.Await(s.t, mark)
	said, err := os.ReadFile(path("said"))
	if err != nil {
		s.t.Fatal(err)
	}
	complained, err := os.ReadFile(path("complained"))
	if err != nil {
		s.t.Fatal(err)
	}
	if strings.Contains(commands, "python ") {
		s.t.Logf("%s\n%s", commands, complained)
		complained = nil
	}
	return strings.TrimRight(string(complained)+string(said), "\n")
}
