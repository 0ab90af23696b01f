//go:build !unix

package harness

import (
	"os/exec"
	"syscall"
)

// OwnGroup does nothing: there are no process groups.
func OwnGroup(*exec.Cmd) {}

// SignalGroup ends a program, whatever the signal. What it has started lives on.
func SignalGroup(cmd *exec.Cmd, _ syscall.Signal) { _ = cmd.Process.Kill() }
