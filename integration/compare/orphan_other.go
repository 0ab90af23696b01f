//go:build !linux

package main

import "syscall"

// ownGroup lets a program be killed with all that it has started.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// endWithParent does nothing: other systems tell nobody of a parent's end.
func endWithParent() error { return nil }
