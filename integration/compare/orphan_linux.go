package main

import "syscall"

// ownGroup lets a program be killed with all that it has started. The kernel
// ends it where this program can't, being killed itself.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// endWithParent lets this program be told when who started it has ended: `go run`
// ends by SIGTERM without passing it on.
func endWithParent() error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0)
	if errno != 0 {
		return errno
	}
	return nil
}
