package shipped

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

// machine is a folder that is all that a program in it sees: nothing of the real
// machine changes.
type machine struct {
	t    *testing.T
	root string
}

// newMachine makes one, with what the scripts of a package need. Where that can't
// be, it says why, and the test is left out: what is in the package is seen all the
// same.
func newMachine(t *testing.T) machine {
	t.Helper()
	m := machine{t, t.TempDir()}
	if os.Getuid() != 0 {
		t.Skip("not installed: only root may, into a folder of its own too")
	}
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Skipf("not installed: %v", err)
	}
	for _, folder := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates", "etc", "dev", "tmp", "run"} {
		if err := os.MkdirAll(filepath.Join(m.root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	m.write("var/lib/dpkg/status", "")
	m.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
	m.write("etc/group", "root:x:0:\n")
	m.write("dev/null", "") // a device needs more rights than a file
	for _, program := range []string{"sh", "grep", "systemd-sysusers"} {
		m.bring(program)
	}
	if err := m.command("/bin/sh", "-c", "true").Run(); err != nil {
		t.Skipf("not installed: no program runs in a folder of its own here: %v", err)
	}
	return m
}

func (m machine) write(file, text string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.root, file), []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m machine) has(file string) bool {
	_, err := os.Stat(filepath.Join(m.root, file))
	return err == nil
}

// bring copies a program of the real machine, with the libraries that it needs. One
// that is not there can't be needed.
func (m machine) bring(program string) {
	m.t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		return
	}
	libraries, _ := harness.Command("ldd", path).Output()
	files := append(regexp.MustCompile(`/\S+`).FindAllString(string(libraries), -1), "/bin/"+program)
	for _, file := range files {
		from := file
		if file == "/bin/"+program {
			from = path
		}
		content, err := os.ReadFile(from)
		if err != nil {
			m.t.Fatal(err)
		}
		to := filepath.Join(m.root, file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, content, 0o755)); err != nil {
			m.t.Fatal(err)
		}
	}
}

// command prepares a program of the machine.
func (m machine) command(name string, args ...string) *exec.Cmd {
	c := &exec.Cmd{Path: name, Args: append([]string{name}, args...), Dir: "/", Env: []string{"PATH=/usr/bin:/bin"}}
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: m.root, Pdeathsig: syscall.SIGKILL}
	return c
}

// dpkg installs, removes or purges.
func (m machine) dpkg(args ...string) {
	m.t.Helper()
	c := harness.Command("dpkg", append([]string{"--root=" + m.root}, args...)...)
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	out, err := c.CombinedOutput()
	m.t.Logf("dpkg %s:\n%s", strings.Join(args, " "), out)
	if err != nil {
		m.t.Fatal(err)
	}
}

// installed installs a package on a machine of its own, runs what is there as the
// service would, and removes it again.
func installed(t *testing.T, deb string) {
	m := newMachine(t)
	m.dpkg("--install", deb)
	credential := m.user()
	config, err := os.ReadFile(filepath.Join(m.root, "etc/wampool/wampool.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	m.write("etc/wampool/wampool.hcl", shippedListener.ReplaceAllString(string(config), `listen "ws://127.0.0.1:0/`))
	if out, err := m.command("/usr/bin/wampool", "check", "/etc/wampool/wampool.hcl").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	m.serve(credential)
	m.dpkg("--remove", "wampool")
	if m.has("usr/bin/wampool") || m.has("usr/lib/systemd/system/wampool.service") || !m.has("etc/wampool/wampool.hcl") {
		t.Error("removed, its program or unit is still there, or its configuration is not")
	}
	m.dpkg("--purge", "wampool")
	if m.has("etc/wampool") {
		t.Error("purged, its configuration is still there")
	}
}

// user returns the service's user, that the package has made; root where the
// machine has nothing that makes users.
func (m machine) user() *syscall.Credential {
	m.t.Helper()
	if !m.has("bin/systemd-sysusers") {
		m.t.Log("no systemd-sysusers: the service runs as root here")
		return &syscall.Credential{}
	}
	users, err := os.ReadFile(filepath.Join(m.root, "etc/passwd"))
	if err != nil {
		m.t.Fatal(err)
	}
	entry := regexp.MustCompile(`(?m)^wampool:[^:]*:(\d+):(\d+):`).FindStringSubmatch(string(users))
	if entry == nil {
		m.t.Fatalf("the package has made no user:\n%s", users)
	}
	uid, errUID := strconv.ParseUint(entry[1], 10, 32)
	gid, errGID := strconv.ParseUint(entry[2], 10, 32)
	if err := errors.Join(errUID, errGID); err != nil || uid == 0 {
		m.t.Fatalf("the service's user is %s (%v)", entry[0], err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// serve starts what is installed as that user, waits until it listens, and stops it.
func (m machine) serve(as *syscall.Credential) {
	m.t.Helper()
	service := m.command("/usr/bin/wampool", "run", "-c", "/etc/wampool/wampool.hcl")
	service.SysProcAttr.Credential = as
	said, err := service.StderrPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := service.Start(); err != nil {
		m.t.Fatal(err)
	}
	lines := make(chan string)
	go func() { // ends with the service's log
		defer close(lines)
		for scanner := bufio.NewScanner(said); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	late := time.AfterFunc(harness.Patience, func() { _ = service.Process.Kill() })
	defer late.Stop()
	listens := false
	var log []string
	for line := range lines {
		log = append(log, line)
		if strings.Contains(line, `"listening"`) {
			listens = true
			_ = service.Process.Signal(syscall.SIGTERM)
		}
	}
	if err := service.Wait(); err != nil || !listens {
		m.t.Errorf("the service ends with %v, and has said\n%s", err, strings.Join(log, "\n"))
	}
}
