package proxy

import (
	"testing"
	"testing/fstest"
)

func TestMemoryForAllClients(t *testing.T) {
	const meminfo = "MemTotal:        8388608 kB\nMemFree:          100 kB\n"
	for name, c := range map[string]struct {
		configured int64
		files      map[string]string
		want       int64
	}{
		"configured":         {5 << 20, map[string]string{"proc/meminfo": meminfo}, 5 << 20},
		"nothing is known":   {0, nil, 1 << 30},
		"machine":            {0, map[string]string{"proc/meminfo": meminfo}, 2 << 30},
		"nonsense":           {0, map[string]string{"proc/meminfo": "MemTotal: many kB\n", "proc/self/cgroup": "::\nx\n0::/\n", "sys/fs/cgroup/memory.max": "some"}, 1 << 30},
		"group, version 2":   {0, map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "1073741824\n"}, 256 << 20},
		"one above it":       {0, map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "1073741824\n", "sys/fs/cgroup/a/b/memory.max": "max\n"}, 256 << 20},
		"container":          {0, map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "536870912\n"}, 128 << 20},
		"outside of it":      {0, map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/../../x\n", "sys/fs/cgroup/memory.max": "536870912\n"}, 128 << 20},
		"without a limit":    {0, map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 2 << 30},
		"group, version 1":   {0, map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "3:cpu:/c\n4:memory:/c\n", "sys/fs/cgroup/memory/c/memory.limit_in_bytes": "1073741824\n"}, 256 << 20},
		"its container":      {0, map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/docker/1\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n"}, 256 << 20},
		"none, version 1":    {0, map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 2 << 30},
		"both":               {0, map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/\n0::/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n"}, 256 << 20},
		"more than there is": {0, map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1099511627776\n"}, 2 << 30},
		"next to nothing":    {0, map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "8388608\n"}, 16 << 20},
	} {
		root := fstest.MapFS{}
		for path, text := range c.files {
			root[path] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := memoryFor(c.configured, root); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
