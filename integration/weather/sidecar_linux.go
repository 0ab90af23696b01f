package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sidecar is wampool in the weather: a program that must never end by itself,
// with a small disk for its log and a memory cgroup.
type sidecar struct {
	program
	ledger *ledger
	binary string
	config string   // its file
	clock  *clock   // nil: that of the machine
	not    []string // what of the weather this machine lets nobody do
	cgroup string   // its folder; "": the machine has none
	group  *os.File // the same, where a process can be started in it (version 2)
	disk   *os.File // the log; nil: the machine lets nobody mount a disk
	weight *os.File // what fills the disk
	read   int64    // of the log
	most   resources
}

// resources are what wampool has at a moment.
type resources struct {
	resident int64 // bytes
	files    int
}

const (
	diskBytes   = 1 << 20
	memoryBytes = 192 << 20
)

// mountDisk gives wampool a disk for its log that can be filled.
func (s *sidecar) mountDisk(dir string) (err error) {
	s.at.Within(func() {
		if err = unix.Unshare(unix.CLONE_NEWNS); err != nil {
			return
		}
		if err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return
		}
		if err = unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", diskBytes)); err != nil {
			return
		}
		if s.weight, err = os.Create(filepath.Join(dir, "weight")); err != nil {
			return
		}
		s.disk, err = os.OpenFile(filepath.Join(dir, "log"), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	})
	return err
}

// makeCgroup limits the memory of wampool: it is started by a thread of this cgroup.
func (s *sidecar) makeCgroup() error {
	name := "wampool-weather-" + strconv.Itoa(os.Getpid())
	dir, limit := filepath.Join("/sys/fs/cgroup/memory", name), "memory.limit_in_bytes"
	controllers, err := os.ReadFile("/sys/fs/cgroup/cgroup.controllers")
	unified := err == nil && bytes.Contains(controllers, []byte("memory"))
	if unified {
		dir, limit = filepath.Join("/sys/fs/cgroup", name), "memory.max"
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	s.cgroup = dir
	if err := os.WriteFile(filepath.Join(dir, limit), []byte(strconv.Itoa(memoryBytes)), 0o600); err != nil {
		return err
	}
	if unified {
		s.group, err = os.Open(dir)
		return err
	}
	s.at.Within(func() { err = os.WriteFile(filepath.Join(dir, "tasks"), []byte(strconv.Itoa(unix.Gettid())), 0o600) })
	return err
}

// cannot says what of the weather is left out, at once and in the end.
func (s *sidecar) cannot(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	s.not = append(s.not, what)
	fmt.Println(what)
}

// configure writes the configuration, so that whoever reads it gets all of it.
func (s *sidecar) configure(r poolRules) error {
	if err := os.WriteFile(s.config+"~", []byte(r.config()), 0o600); err != nil {
		return err
	}
	return os.Rename(s.config+"~", s.config)
}

// reload changes the configuration while wampool runs.
func (s *sidecar) reload(r poolRules) {
	if err := s.configure(r); err != nil {
		s.ledger.note("%v", err)
		return
	}
	const ready = 3 * time.Second // SIGHUP ends a program that has yet to say otherwise
	if s.age() > ready {
		s.signal(syscall.SIGHUP)
	}
}

// prepare is before each start.
func (s *sidecar) prepare(cmd *exec.Cmd) error {
	if s.clock != nil {
		cmd.Env = append(cmd.Environ(), clockVariable+"="+s.clock.file)
	}
	if s.disk != nil {
		cmd.Stderr = s.disk
	}
	if s.group != nil {
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(s.group.Fd())
	}
	return nil
}

// watch looks at the log and at what wampool has, once a second, until done.
func (s *sidecar) watch(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-time.After(time.Second):
		}
		s.readLog()
		if now, ok := resourcesOf(s.pid()); ok {
			s.most.resident = max(s.most.resident, now.resident)
			s.most.files = max(s.most.files, now.files)
		}
	}
}

// readLog reads on in the log, and begins it anew before it fills the disk.
func (s *sidecar) readLog() {
	if s.disk == nil {
		return
	}
	buffer := make([]byte, diskBytes)
	n, _ := s.disk.ReadAt(buffer, s.read)
	s.read += int64(n)
	_, _ = s.last.Write(buffer[:n])
	for _, wrong := range []string{"internal error", "panic:", "fatal error:", "DATA RACE"} {
		if bytes.Contains(buffer[:n], []byte(wrong)) {
			s.ledger.note("wampool says %q: %.2000s", wrong, buffer[:n])
		}
	}
	if s.read > diskBytes/2 && s.disk.Truncate(0) == nil {
		s.read = 0
	}
}

// fill takes all that is left of the disk, and free gives it back.
func (s *sidecar) fill() {
	block := make([]byte, 4096)
	for range diskBytes / len(block) {
		if _, err := s.weight.Write(block); err != nil {
			break
		}
	}
}

func (s *sidecar) free() {
	_ = s.weight.Truncate(0)
	_, _ = s.weight.Seek(0, 0)
}

// resourcesOf looks at a process.
func resourcesOf(pid int) (r resources, ok bool) {
	if pid == 0 {
		return r, false
	}
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	files, err := os.ReadDir(filepath.Join(dir, "fd"))
	status, err2 := os.ReadFile(filepath.Join(dir, "status"))
	if errors.Join(err, err2) != nil {
		return r, false
	}
	r.files = len(files)
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			r.resident = kib << 10
		}
	}
	return r, true
}

// limitFiles sets how many files a process may have open, and returns how many it
// could before.
func limitFiles(pid int, most uint64) (before uint64, err error) {
	var old unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &old); err != nil {
		return 0, err
	}
	return old.Cur, unix.Prlimit(pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: most, Max: old.Max}, nil)
}

// ended takes the end of a start of wampool, which must have been asked for.
func (s *sidecar) hasEnded(state *os.ProcessState, asked syscall.Signal) {
	status, _ := state.Sys().(syscall.WaitStatus)
	switch {
	case asked == syscall.SIGKILL && status.Signaled() && status.Signal() == syscall.SIGKILL:
	case asked == syscall.SIGTERM && state.ExitCode() == 0:
	default:
		s.ledger.note("wampool ended by itself, or not as asked (%v): %s\n%s", asked, state, s.last.String())
	}
}
