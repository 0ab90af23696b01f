package harness

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
)

// startError tells why a program is not what a test needs: it ended, or has not
// said in time what it says when it is ready.
type startError struct {
	what   string
	output string // the last lines that it has printed
}

func (e *startError) Error() string { return e.what + ":\n" + e.output }

// cause is an error in one line: of what a program printed the last line.
func cause(err error) string {
	var start *startError
	if !errors.As(err, &start) {
		return strings.Join(strings.Fields(err.Error()), " ")
	}
	lines := strings.FieldsFunc(start.output, func(r rune) bool { return r == '\n' || r == '\r' })
	if len(lines) == 0 {
		return start.what + ", nor anything else"
	}
	return start.what + "; its last line: " + strings.TrimSpace(lines[len(lines)-1])
}

// started are the programs that have not ended.
var started = struct {
	mu        sync.Mutex
	processes map[*Process]bool
}{processes: make(map[*Process]bool)}

// giveUp ends the run, with its cause in one line: what many stories need, a
// router or a library, does not start. Each of them would wait for it in vain.
func giveUp(err error) {
	started.mu.Lock() // for good: nothing more is started
	for p := range started.processes {
		p.killGroup()
	}
	fmt.Println("integration tests end here: " + cause(err))
	_ = os.RemoveAll(temporary)
	os.Exit(1)
}
