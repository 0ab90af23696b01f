//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "weather: network namespaces and TUN devices are Linux's alone")
	os.Exit(3)
}
