//go:build unix

package harness

import (
	"os/exec"
	"syscall"
)

// OwnGroup lets a program be signaled together with all that it starts.
func OwnGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// SignalGroup sends a signal to a program in a group of its own, and to all that
// it has started.
func SignalGroup(cmd *exec.Cmd, s syscall.Signal) { _ = syscall.Kill(-cmd.Process.Pid, s) }
