package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A disk that is full, as to the program a limit of its files is, costs no file.
func TestFmtOnAFullDisk(t *testing.T) {
	crooked := strings.Repeat("a  =  1 # long\n", 1000)
	file := writeFile(t, crooked)
	p := startProgramBy(t, func(*exec.Cmd) {}, "/bin/sh", "-c", "ulimit -f 1; exec \"$0\" fmt \"$1\"", os.Args[0], file)
	p.waitFor("file too large")
	if err := <-p.ended; p.process.ProcessState.ExitCode() != exitUsage {
		t.Errorf("it ended by %v", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != crooked {
		t.Errorf("of %d bytes %d are left (%v)", len(crooked), len(text), err)
	}
	if files, err := os.ReadDir(filepath.Dir(file)); err != nil || len(files) != 1 {
		t.Errorf("beside it there are %v (%v)", files, err)
	}
}

// A link stays one, and the file that it leads to keeps its mode. What is no file is
// read with --check alone.
func TestFmtOfALink(t *testing.T) {
	file := writeFile(t, "a=1\n")
	link := filepath.Join(t.TempDir(), "link.hcl")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, out, err := runToEnd(t, "fmt", link); code != exitClean || out != link+"\n" || err != "" {
		t.Errorf("exit code %d, output %q, errors %q", code, out, err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "a = 1\n" {
		t.Errorf("the file holds %q (%v)", text, err)
	}
	if info, err := os.Lstat(file); err != nil || info.Mode() != 0o644 {
		t.Errorf("the mode is %v (%v)", info.Mode(), err)
	}
	if to, err := os.Readlink(link); err != nil || to != file {
		t.Errorf("the link leads to %q (%v)", to, err)
	}
	if code, _, err := runToEnd(t, "fmt", os.DevNull); code != exitUsage || !strings.Contains(err, "not a regular file") {
		t.Errorf("exit code %d, errors %q", code, err)
	}
	if code, _, err := runToEnd(t, "fmt", "--check", os.DevNull); code != exitClean || err != "" {
		t.Errorf("exit code %d, errors %q", code, err)
	}
}

// What waits for its standard input ends by a signal, as any program does.
func TestSignalWhileACommandReads(t *testing.T) {
	for _, args := range []string{"fmt -", "check -", "config -c -", "import crossbar -"} {
		t.Run(args, func(t *testing.T) {
			var in io.WriteCloser
			p := startProgramBy(t, func(command *exec.Cmd) {
				var err error
				if in, err = command.StdinPipe(); err != nil {
					t.Fatal(err)
				}
			}, os.Args[0], strings.Fields(args)...)
			defer in.Close()
			if _, err := io.WriteString(in, strings.Repeat("# more than a pipe has room for\n", 5000)); err != nil { // it reads
				t.Fatal(err)
			}
			if err := p.process.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			<-p.ended
			if status, is := p.process.ProcessState.Sys().(syscall.WaitStatus); !is || status.Signal() != syscall.SIGTERM {
				t.Errorf("it ended by %v", p.process.ProcessState)
			}
		})
	}
}
