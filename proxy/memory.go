package proxy

import (
	"bufio"
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"
)

// Where the configuration does not say what all clients may hold together, it is
// a share of the memory that there is for this process.
const (
	memoryShare   = 4
	unknownMemory = 4 << 30 // taken for the memory of a system that does not tell
	leastMemory   = 16 << 20
)

// memoryFor returns the most that all clients may hold together, in bytes:
// configured, or if that is 0 a quarter of the machine's memory, or of what its
// cgroup leaves it. root is the root of the file system.
func memoryFor(configured int64, root fs.FS) int64 {
	if configured > 0 {
		return configured
	}
	most := int64(math.MaxInt64)
	if machine, ok := machineMemory(root); ok {
		most = machine
	}
	if group, ok := cgroupMemory(root); ok {
		most = min(most, group)
	}
	if most == math.MaxInt64 {
		most = unknownMemory
	}
	return max(most/memoryShare, leastMemory)
}

// machineMemory returns what Linux tells of the machine.
func machineMemory(root fs.FS) (int64, bool) {
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		rest, found := strings.CutPrefix(line, "MemTotal:")
		if !found {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		return kib << 10, err == nil && kib > 0 && kib < math.MaxInt64>>10
	}
	return 0, false
}

// cgroupMemory returns the least of the limits that the process's cgroup and
// those above it have, of either version; false if there is none. In a container
// the group's own files stand at the root, whatever its path is called.
func cgroupMemory(root fs.FS) (int64, bool) {
	file, err := root.Open("proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	defer file.Close()
	least := int64(math.MaxInt64)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		part := strings.SplitN(lines.Text(), ":", 3) // hierarchy:controllers:path
		if len(part) != 3 {
			continue
		}
		mount, name := "sys/fs/cgroup", "memory.max"
		if part[1] != "" {
			mount, name = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
			if !strings.Contains(","+part[1]+",", ",memory,") {
				continue
			}
		}
		for group := path.Clean("/" + part[2]); ; group = path.Dir(group) {
			least = min(least, limitIn(root, path.Join(mount, group, name)))
			if group == "/" {
				break
			}
		}
	}
	// Version 1 writes no limit as the largest multiple of a page.
	return least, least < 1<<60
}

// limitIn returns the limit that a file holds, the highest number if it holds none.
func limitIn(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return math.MaxInt64
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || limit <= 0 { // "max"
		return math.MaxInt64
	}
	return limit
}
