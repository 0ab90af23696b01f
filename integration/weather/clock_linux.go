package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// clock is how far the time that wampool is told is from that of this machine, which
// is everybody's and stays as it is. wampool is built with a package time of which
// one line is another, and one file more: they add what stands in a file that both
// programs have in their memory.
type clock struct {
	file string
	step *atomic.Int64 // seconds
}

const clockVariable = "WEATHER_CLOCK" // of the environment: the clock's file

// What is changed of package time. A Go whose own is another has no such clock.
const (
	timeNow    = "	sec, nsec, mono := runtimeNow()\n	if mono == 0 {"
	steppedNow = "	sec, nsec, mono := runtimeNow()\n	if Stepped != nil {\n		sec += Stepped.Load()\n	}\n	if mono == 0 {"
	stepOfTime = "package time\n\nimport \"sync/atomic\"\n\n// Stepped is how many seconds time is told wrong.\nvar Stepped *atomic.Int64\n"
)

// stepOfProgram has wampool find the clock.
const stepOfProgram = `package main

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

func init() {
	file, err := os.Open(os.Getenv("` + clockVariable + `"))
	if err != nil {
		panic(err)
	}
	defer file.Close()
	memory, err := syscall.Mmap(int(file.Fd()), 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	time.Stepped = (*atomic.Int64)(unsafe.Pointer(&memory[0]))
}
`

// newClock makes a clock in a folder, which lasts as long as this program. It also
// returns what the go command has to be told to build a program that goes by it.
func newClock(dir, program string) (c *clock, overlay string, err error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, "", err
	}
	library := filepath.Join(strings.TrimSpace(string(root)), "src/time")
	source, err := os.ReadFile(filepath.Join(library, "time.go"))
	if err != nil {
		return nil, "", err
	}
	if strings.Count(string(source), timeNow) != 1 {
		return nil, "", fmt.Errorf("%s is not as the weather knows it", library)
	}
	c = &clock{file: filepath.Join(dir, "clock")}
	overlay = filepath.Join(dir, "overlay.json")
	replace := map[string]string{
		filepath.Join(library, "time.go"):          filepath.Join(dir, "time.go"),
		filepath.Join(library, "stepped.go"):       filepath.Join(dir, "stepped.go"),
		filepath.Join(program, "stepped_linux.go"): filepath.Join(dir, "program.go"),
	}
	table, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, "", err
	}
	for name, content := range map[string]string{
		c.file: strings.Repeat("\x00", 8), overlay: string(table), filepath.Join(dir, "stepped.go"): stepOfTime,
		filepath.Join(dir, "program.go"): stepOfProgram,
		filepath.Join(dir, "time.go"):    strings.Replace(string(source), timeNow, steppedNow, 1),
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			return nil, "", err
		}
	}
	file, err := os.OpenFile(c.file, os.O_RDWR, 0)
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	memory, err := unix.Mmap(int(file.Fd()), 0, 8, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, "", err
	}
	c.step = (*atomic.Int64)(unsafe.Pointer(&memory[0]))
	return c, overlay, nil
}

// set has wampool told a time that is so far from the right one.
func (c *clock) set(by time.Duration) { c.step.Store(int64(by / time.Second)) }
