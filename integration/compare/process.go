package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

// process is a program that this one has started.
type process struct {
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string // of its standard output
	log   text
}

// text is what a program has printed to its standard error.
type text struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (t *text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bytes.Write(p)
}

func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bytes.String()
}

// start runs a program, in a process group of its own. It is told to end where
// this program ends before it.
func start(name string, args ...string) (*process, error) {
	p := &process{name: name, cmd: harness.Command(args[0], args[1:]...), lines: make(chan string, 1024)}
	harness.OwnGroup(p.cmd)
	endWithThis(p.cmd)
	p.cmd.Stderr = &p.log
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		defer close(p.lines)
		scanner := bufio.NewScanner(stdout)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			p.lines <- scanner.Text()
		}
	}()
	return p, nil
}

// itself starts this program in another role.
func itself(role string, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(role, append([]string{self, role}, args...)...)
}

// output returns what the program prints until it ends.
func (p *process) output() (string, error) {
	var out strings.Builder
	for line := range p.lines {
		out.WriteString(line + "\n")
	}
	if err := p.cmd.Wait(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", p.name, err, out.String(), p.log.String())
	}
	return out.String(), nil
}

const patience = 2 * time.Minute

// next returns the next line that the program prints.
func (p *process) next(within time.Duration) (string, error) {
	select {
	case line, open := <-p.lines:
		if !open {
			return "", fmt.Errorf("%s ended: %s", p.name, p.log.String())
		}
		return line, nil
	case <-time.After(within):
		return "", fmt.Errorf("%s does not answer: %s", p.name, p.log.String())
	}
}

// expect waits for a line that contains text, and returns it.
func (p *process) expect(text string) (string, error) {
	for {
		line, err := p.next(patience)
		if err != nil || strings.Contains(line, text) {
			return line, err
		}
	}
}

// kill ends the program and all that it has started, without a word.
func (p *process) kill() { harness.SignalGroup(p.cmd, syscall.SIGKILL) }

// stop ends the program and all that it has started.
func (p *process) stop() {
	_ = p.stdin.Close()
	harness.SignalGroup(p.cmd, syscall.SIGTERM)
	killer := time.AfterFunc(5*time.Second, p.kill)
	defer killer.Stop()
	for range p.lines { // until it is closed
	}
	_ = p.cmd.Wait()
}

// usage is processor time. The ticks of user and kernel are too coarse for a process
// that is busy for a hundredth of the time; all is exact.
type usage struct{ all, user, kernel time.Duration }

func (u usage) minus(before usage) usage {
	return usage{u.all - before.all, u.user - before.user, u.kernel - before.kernel}
}

// cpu returns the processor time that the program and its children have used: of
// all their threads.
func (p *process) cpu() (usage, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return usage{}, err
	}
	var sum usage
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		group, ticks, err := parseStat(string(content))
		if err != nil {
			return usage{}, err
		}
		if group != p.cmd.Process.Pid {
			continue
		}
		used, err := threads(filepath.Dir(file))
		if err != nil {
			return usage{}, err
		}
		sum.all += used
		sum.user += ticks.user
		sum.kernel += ticks.kernel
	}
	return sum, nil
}

// tick is the unit of times in /proc/PID/stat, on every Linux.
const tick = time.Second / 100

// parseStat reads the process group and the time in ticks of /proc/PID/stat: fields
// 5, 14 and 15, behind the name in parentheses, which is field 2.
func parseStat(stat string) (group int, ticks usage, err error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, usage{}, fmt.Errorf("not a stat line: %q", stat)
	}
	group, err = strconv.Atoi(fields[2])
	user, err2 := strconv.Atoi(fields[11])
	kernel, err3 := strconv.Atoi(fields[12])
	return group, usage{user: time.Duration(user) * tick, kernel: time.Duration(kernel) * tick}, errors.Join(err, err2, err3)
}

// threads sums up the time that a process's threads have run.
func threads(process string) (sum time.Duration, err error) {
	files, err := filepath.Glob(filepath.Join(process, "task", "[0-9]*", "schedstat"))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		used, err := parseSchedstat(string(content))
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}

// parseSchedstat reads how long a thread has run, in nanoseconds: the first of
// three numbers.
func parseSchedstat(line string) (time.Duration, error) {
	first, _, found := strings.Cut(line, " ")
	n, err := strconv.ParseInt(first, 10, 64)
	if err != nil || !found {
		return 0, fmt.Errorf("not a schedstat line: %q", line)
	}
	return time.Duration(n), nil
}

// rss returns the resident memory of the program, in bytes.
func (p *process) rss() (int64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(content)) {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("%s has no VmRSS", p.name)
}
