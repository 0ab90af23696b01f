package harness

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Process is a program that a test has started, with all that it starts itself.
type Process struct {
	Name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended chan struct{}

	mu    sync.Mutex
	lines []string // what it has printed
	more  chan struct{}
}

// start runs a program in a process group of its own. Each line that it prints
// goes to onLine, if that is set.
func start(name, dir string, onLine func(line string), args ...string) (*Process, error) {
	p := &Process{Name: name, cmd: Command(args[0], args[1:]...), ended: make(chan struct{}), more: make(chan struct{})}
	p.cmd.Dir = dir
	OwnGroup(p.cmd)
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	started.mu.Lock()
	defer started.mu.Unlock()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s does not start: %w", name, err)
	}
	started.processes[p] = true
	var reading sync.WaitGroup
	reading.Go(func() { p.read(stdout, onLine) })
	reading.Go(func() { p.read(stderr, nil) })
	go func() {
		defer close(p.ended)
		reading.Wait()
		_ = p.cmd.Wait()
		started.mu.Lock()
		defer started.mu.Unlock()
		delete(started.processes, p)
	}()
	return p, nil
}

// OwnProcess starts a program that lives as long as the test.
func OwnProcess(t *testing.T, name string, args ...string) *Process {
	t.Helper()
	p, err := start(name, Path(""), nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func (p *Process) read(from io.Reader, onLine func(string)) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if onLine != nil {
			onLine(lines.Text())
		}
		p.mu.Lock()
		p.lines = append(p.lines, lines.Text())
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
	}
}

// waitLine returns the first line, from the n-th on, that holds text.
func (p *Process) waitLine(n int, text string) (string, error) {
	timeout := time.After(Patience)
	for {
		p.mu.Lock()
		lines, more := p.lines, p.more
		p.mu.Unlock()
		for ; n < len(lines); n++ {
			if strings.Contains(lines[n], text) {
				return lines[n], nil
			}
		}
		select {
		case <-more:
		case <-p.ended:
			return "", &startError{fmt.Sprintf("%s ended (%s) without saying %q", p.Name, p.cmd.ProcessState, text), p.Output()}
		case <-timeout:
			return "", &startError{fmt.Sprintf("%s has not said %q within %s", p.Name, text, Patience), p.Output()}
		}
	}
}

// Say writes a line to the program's standard input.
func (p *Process) Say(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
		t.Fatalf("%s: %v", p.Name, err)
	}
}

// Await returns the first line that holds text, and waits for it.
func (p *Process) Await(t *testing.T, text string) string {
	t.Helper()
	return p.AwaitFrom(t, 0, text)
}

// AwaitFrom is Await from the n-th line on.
func (p *Process) AwaitFrom(t *testing.T, n int, text string) string {
	t.Helper()
	line, err := p.waitLine(n, text)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// Printed returns how many lines there are by now.
func (p *Process) Printed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.lines)
}

// LinesFrom returns what there is by now from the n-th line on.
func (p *Process) LinesFrom(n int) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.lines[n:])
}

// Said tells whether there is a line by now that holds text.
func (p *Process) Said(text string) bool {
	return slices.ContainsFunc(p.LinesFrom(0), func(line string) bool { return strings.Contains(line, text) })
}

// PID is the program's process ID.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Output returns the last lines.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines[max(0, len(p.lines)-60):], "\n")
}

// Signal sends a signal to the program itself, and not to what it has started.
func (p *Process) Signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// Kill ends the program and everything that it started.
func (p *Process) Kill() {
	p.killGroup()
	<-p.ended
}

func (p *Process) killGroup() { SignalGroup(p.cmd, syscall.SIGKILL) }

// End waits for the program's own end, and returns its exit code.
func (p *Process) End(t *testing.T) int {
	t.Helper()
	code, err := p.wait()
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// wait waits for the program's own end, and returns its exit code.
func (p *Process) wait() (int, error) {
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(Patience):
		return 0, fmt.Errorf("%s does not end:\n%s", p.Name, p.Output())
	}
}
