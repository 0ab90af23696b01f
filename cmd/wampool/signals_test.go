package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

func TestSignalsWithinASecondAreOne(t *testing.T) {
	before := make(chan os.Signal, 1) // or what the runtime keeps for signals would be the first bubble's
	signal.Notify(before, syscall.SIGHUP)
	defer signal.Stop(before)
	for name, test := range map[string]struct {
		after []time.Duration // of one signal after another
		clean int
		now   int
	}{
		"one":             {[]time.Duration{0}, 1, 0},
		"both at once":    {[]time.Duration{0, 0}, 1, 0},
		"within a second": {[]time.Duration{time.Hour, oneRequest / 2, oneRequest/2 - 1}, 1, 0},
		"later":           {[]time.Duration{0, oneRequest}, 1, 1},
		"first, and more": {[]time.Duration{0, 0, 10 * oneRequest, 0}, 1, 2},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				signals, stopped := make(chan os.Signal), make(chan struct{})
				clean, now := 0, 0
				done := make(chan struct{})
				go func() {
					defer close(done)
					obey(signals, zerolog.Nop(), orders{clean: func() { clean++ }, now: func() { now++ }}, stopped)
				}()
				kinds := []os.Signal{syscall.SIGTERM, syscall.SIGINT}
				for i, after := range test.after {
					<-time.After(after)
					signals <- kinds[i%2]
				}
				close(stopped)
				<-done
				if clean != test.clean || now != test.now {
					t.Errorf("stopped cleanly %d times and at once %d times, want %d and %d", clean, now, test.clean, test.now)
				}
			})
		})
	}
}

// realProgram is the program in a process of its own, whose standard error the
// test reads.
type realProgram struct {
	t       *testing.T
	process *exec.Cmd
	reader  *os.File
	lines   *bufio.Scanner
	ended   chan error
}

func startProgram(t *testing.T, args ...string) *realProgram {
	t.Helper()
	return startProgramBy(t, func(*exec.Cmd) {}, os.Args[0], args...)
}

// startProgramBy starts it by another one, which execs it.
func startProgramBy(t *testing.T, prepare func(*exec.Cmd), program string, args ...string) *realProgram {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	p := &realProgram{t: t, process: exec.CommandContext(ctx, program, args...), reader: reader, lines: bufio.NewScanner(reader), ended: make(chan error, 1)}
	p.process.Env = append(os.Environ(), asProgram+"=1")
	p.process.Stdout, p.process.Stderr = writer, writer
	prepare(p.process)
	if err := p.process.Start(); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	go func() { p.ended <- p.process.Wait() }()
	t.Cleanup(func() {
		cancel()
		_ = reader.Close()
	})
	return p
}

// waitFor reads the log up to a line with this text.
func (p *realProgram) waitFor(text string) string {
	p.t.Helper()
	for p.lines.Scan() {
		if line := p.lines.Text(); strings.Contains(line, text) {
			return line
		}
	}
	p.t.Fatalf("the log ended without %q: %v", text, p.lines.Err())
	return ""
}

// pooledProgram is one with a callee, whose procedure answers at once, and a
// caller at the router.
func pooledProgram(t *testing.T) (p *realProgram, url string, call func() error) {
	t.Helper()
	r := tryouttest.StartRouter(t)
	p = startProgram(t, "run", "--router", r.URL(), "--listen", "ws://127.0.0.1:0/ws")
	var line struct{ Address string }
	if err := json.Unmarshal([]byte(p.waitFor(`"message":"listening"`)), &line); err != nil {
		t.Fatal(err)
	}
	callee, caller := tryouttest.Join(t, line.Address, client.Options{}), tryouttest.Join(t, r.URL(), client.Options{})
	answer := func(context.Context, *client.Invocation) (client.Arguments, error) { return client.Args("done"), nil }
	shared := []codec.Field{{Key: "invoke", Value: codec.FieldString("roundrobin")}}
	if _, err := callee.Register(t.Context(), "com.example.work", shared, answer); err != nil {
		t.Fatal(err)
	}
	return p, line.Address, func() error {
		c := &client.Call{Procedure: "com.example.work"}
		caller.Go(t.Context(), c)
		<-c.Done
		return c.Err
	}
}

// stops ends it by SIGTERM: with exit code 0, by its own doing.
func (p *realProgram) stops() {
	p.t.Helper()
	if err := p.process.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := <-p.ended; err != nil {
		p.t.Errorf("it ended by %v", err)
	}
}

func TestLogWithoutAReaderEndsNoSession(t *testing.T) {
	p, url, call := pooledProgram(t)
	if err := p.reader.Close(); err != nil {
		t.Fatal(err)
	}
	for range 50 { // each has lines of its own
		tryouttest.Join(t, url, client.Options{}).Close()
		if err := call(); err != nil {
			t.Fatalf("a call: %v", err)
		}
	}
	select {
	case err := <-p.ended:
		t.Fatalf("it ended by %v", err)
	default:
	}
	p.stops()
}

func TestHangupEndsNoSession(t *testing.T) {
	p, _, call := pooledProgram(t)
	if err := p.process.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.waitFor("configuration not reloaded")
	if err := call(); err != nil {
		t.Errorf("a call: %v", err)
	}
	go func() { _, _ = io.Copy(io.Discard, p.reader) }()
	p.stops()
}

// Whoever starts it is told of a failure, even if nobody reads why.
func TestMistakesWithoutAReaderAreAFailure(t *testing.T) {
	p := startProgram(t, "run", "-c", "/does/not/exist.hcl")
	_ = p.reader.Close()
	exit := (*exec.ExitError)(nil)
	if err := <-p.ended; !errors.As(err, &exit) || exit.ExitCode() != exitUsage {
		t.Errorf("it ended by %v, want exit code %d", err, exitUsage)
	}
}
