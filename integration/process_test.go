package integration

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a program that a test has started, with all that it starts itself.
type process struct {
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended chan struct{}

	mu    sync.Mutex
	lines []string // what it has printed
	more  chan struct{}
}

// start runs a program in a process group of its own. Each line that it prints
// goes to onLine, if that is set.
func start(name, dir string, onLine func(line string), args ...string) (*process, error) {
	p := &process{name: name, cmd: Command(args[0], args[1:]...), ended: make(chan struct{}), more: make(chan struct{})}
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

func (p *process) read(from io.Reader, onLine func(string)) {
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
func (p *process) waitLine(n int, text string) (string, error) {
	timeout := time.After(patience)
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
			return "", &startError{fmt.Sprintf("%s ended (%s) without saying %q", p.name, p.cmd.ProcessState, text), p.output()}
		case <-timeout:
			return "", &startError{fmt.Sprintf("%s has not said %q within %s", p.name, text, patience), p.output()}
		}
	}
}

// printed returns how many lines there are by now.
func (p *process) printed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.lines)
}

// output returns the last lines.
func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines[max(0, len(p.lines)-60):], "\n")
}

// signal sends a signal to the program itself, and stop one to its whole group.
func (p *process) signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// kill ends the program and everything that it started.
func (p *process) kill() {
	p.killGroup()
	<-p.ended
}

func (p *process) killGroup() { SignalGroup(p.cmd, syscall.SIGKILL) }

// wait waits for the program's own end, and returns its exit code.
func (p *process) wait() (int, error) {
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(patience):
		return 0, errors.New(p.name + " does not end:\n" + p.output())
	}
}

// freePort returns a port of the loopback that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
