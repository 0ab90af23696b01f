package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wampool/wampool/cmd/wampool/bench"
	"github.com/wampool/wampool/codec"
)

// TestMain plays the parts in which tests start this program again.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		play := roles[os.Args[1]]
		if os.Args[1] == "comparison" {
			play = playComparison
		}
		if play != nil {
			if err := play(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		}
	}
	os.Exit(m.Run())
}

// playComparison starts a router, prints its URL, and waits for a signal.
func playComparison([]string) error {
	b, err := newLab(settings{})
	if err != nil {
		return err
	}
	r, err := b.router("demo")
	if err != nil {
		return err
	}
	fmt.Println(r.url)
	select {}
}

// However a comparison ends, so do the programs that it has started.
func TestProgramsEndWithTheComparison(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			p, err := itself("comparison")
			if err != nil {
				t.Fatal(err)
			}
			defer p.kill()
			url, err := p.next(patience)
			if err != nil {
				t.Fatal(err)
			}
			callers, err := bench.Dial(t.Context(), bench.Target{URL: url, Realm: realm, Serializer: codec.CBOR}, bench.CallerOptions{Callers: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer callers.Close()
			if err := p.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if _, err := p.output(); err == nil {
				t.Error("it ends without an error")
			}
			// Nothing but the router's end ends the session.
			if _, err := callers.KeepInFlight(t.Context(), 0); err == nil {
				t.Error("the router has not ended")
			}
			if signal == syscall.SIGKILL {
				return
			}
			if log := p.log.String(); !strings.Contains(log, signal.String()+": all programs ended") {
				t.Errorf("log %q", log)
			}
			if left, err := fs.Glob(os.DirFS(os.TempDir()), "*"); err != nil || len(left) > 0 {
				t.Errorf("left in %s: %v, %v", filepath.Base(os.TempDir()), left, err)
			}
		})
	}
}
