package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/wampool/wampool/integration/harness"
	"github.com/wampool/wampool/integration/wire"
)

// program is a program on a host, started again whenever it has ended, until it
// is to rest.
type program struct {
	name   string
	at     *wire.Host
	args   []string
	dir    string
	onLine func(run int, line string)                         // of its standard output; run counts its starts
	begin  func(cmd *exec.Cmd) error                          // before each start; nil: nothing to do
	onEnd  func(state *os.ProcessState, asked syscall.Signal) // asked is what the weather has sent it; nil: nobody asks

	mu      sync.Mutex
	cmd     *exec.Cmd
	run     int
	since   time.Time      // of this start
	asked   syscall.Signal // to end this start; 0: nothing
	resting bool
	ended   chan struct{} // closed once the program runs no more, and never will
	last    tail          // of what it has printed to its standard error
}

// tail keeps the last of what is written to it.
type tail struct {
	mu    sync.Mutex
	bytes []byte
}

const tailBytes = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes = append(t.bytes, p...)
	t.bytes = t.bytes[max(0, len(t.bytes)-tailBytes):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.bytes)
}

// keep starts the program, and again a moment after each end.
func (p *program) keep() {
	p.ended = make(chan struct{})
	go func() {
		defer close(p.ended)
		for p.once() {
			time.Sleep(restartAfter)
		}
	}()
}

const restartAfter = 300 * time.Millisecond

// once runs the program to its end. It is false once it is to rest.
func (p *program) once() (again bool) {
	cmd := harness.Command(p.args[0], p.args[1:]...)
	cmd.Dir, cmd.Stderr = p.dir, &p.last
	harness.OwnGroup(cmd)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	stdout, err := cmd.StdoutPipe()
	if err == nil && p.begin != nil {
		err = p.begin(cmd)
	}
	if err != nil {
		fmt.Fprintf(&p.last, "%v\n", err)
		return !p.isResting()
	}
	p.mu.Lock()
	if p.resting {
		p.mu.Unlock()
		return false
	}
	p.at.Within(func() { err = cmd.Start() })
	if err != nil {
		fmt.Fprintf(&p.last, "%v\n", err)
		p.mu.Unlock()
		return true
	}
	p.cmd, p.asked, p.since = cmd, 0, time.Now()
	p.run++
	run := p.run
	p.mu.Unlock()
	p.read(run, stdout)
	_ = cmd.Wait()
	p.mu.Lock()
	p.cmd = nil
	resting, asked := p.resting, p.asked
	p.mu.Unlock()
	if p.onEnd != nil {
		p.onEnd(cmd.ProcessState, asked)
	}
	return !resting
}

func (p *program) read(run int, from io.Reader) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if p.onLine != nil {
			p.onLine(run, lines.Text())
		}
	}
}

func (p *program) isResting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resting
}

// starts returns how often it was started.
func (p *program) starts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run
}

// age returns for how long it has run, 0 while it does not.
func (p *program) age() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return time.Since(p.since)
}

// pid returns the process's ID, 0 while there is none.
func (p *program) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// signal tells the program and all that it has started.
func (p *program) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = syscall.Kill(-p.cmd.Process.Pid, s)
	}
}

// rest ends the program for good: by a signal, and if it takes too long, the hard
// way. It returns whether the signal was enough.
func (p *program) rest(s syscall.Signal, patience time.Duration) bool {
	p.mu.Lock()
	p.resting, p.asked = true, s
	p.mu.Unlock()
	p.signal(syscall.SIGCONT)
	p.signal(s)
	select {
	case <-p.ended:
		return true
	case <-time.After(patience):
	}
	p.signal(syscall.SIGKILL)
	<-p.ended
	return false
}
