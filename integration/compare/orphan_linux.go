package main

import (
	"os/exec"
	"syscall"
)

// endWithThis lets the kernel end a program where this one can't, being killed
// itself.
func endWithThis(cmd *exec.Cmd) { cmd.SysProcAttr.Pdeathsig = syscall.SIGTERM }

// endWithParent lets this program be told when who started it has ended: `go run`
// ends by SIGTERM without passing it on.
func endWithParent() error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0)
	if errno != 0 {
		return errno
	}
	return nil
}
