package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// CPU is the processor time that the program has used, and those that it has started
// and that run, to 10 ms. It is told on Linux alone.
func (p *Process) CPU(t *testing.T) time.Duration {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		t.Fatalf("no /proc: %v", err)
	}
	const tick = 10 * time.Millisecond // of all processors' kernels that Go runs on
	var ticks int
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(content), ") ") // a name may have spaces
		fields := strings.Fields(rest)
		const group, user, system = 2, 11, 12
		if len(fields) <= system || fields[group] != strconv.Itoa(p.PID()) {
			continue
		}
		for _, field := range []int{user, system} {
			n, err := strconv.Atoi(fields[field])
			if err != nil {
				t.Fatal(fmt.Errorf("%s: %w", file, err))
			}
			ticks += n
		}
	}
	return time.Duration(ticks) * tick
}

// CPU is that of the node and its workers.
func (c *Crossbar) CPU(t *testing.T) time.Duration { return c.process.CPU(t) }
