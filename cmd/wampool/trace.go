package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/wampool/wampool/proxy/admin"
)

// longestSlow bounds what a call may have taken that somebody asks for.
const longestSlow = 24 * time.Hour

func newTrace(s streams) *cobra.Command {
	var of sidecar
	var what admin.Trace
	command := &cobra.Command{
		Use:   "trace POOL -c FILE | trace POOL --address ADDRESS",
		Short: "Follow the calls of a pool of a sidecar that runs",
		Long: `Prints a line for each of the next calls of a pool, when the call ends: where it came
from and under which request ID, which callee had it and under which, how long it
waited and ran, the bytes of the call and of its answer, and what became of it. What a
call carries is never shown. Calls that are at work are counted by wampool pools.

POOL is its name as wampool pools prints it. With --failed and --slow, calls that are
either are printed. On a terminal of less than 112 columns names are cut; --json has
all, one call a line. Of more than 20,000 calls a second, or for a reader that is
slow, some are left out, and it is told how many: no call waits for it.`,
		Example: `  wampool trace com.example.compute -c /etc/wampool/wampool.hcl
  wampool trace com.example.compute -n 0 --failed --slow 500ms --address 127.0.0.1:9090
  wampool trace com.example.compute -n 1000 --json -c wampool.hcl | jq .ran_seconds`,
		Args: oneName("POOL"),
		RunE: func(command *cobra.Command, args []string) error {
			if what.Calls < 0 || what.Slow < 0 || what.Slow > longestSlow {
				return fmt.Errorf("-n must not be negative, and --slow must be from 0s to %s", longestSlow)
			}
			client, err := of.ask(command, s.in)
			if err != nil {
				return err
			}
			ctx, stop := untilSignal(command.Context(), s.signals())
			defer stop()
			what.Pool = args[0]
			t := tracing{out: s.out, err: s.err, json: of.json, left: what.Calls}
			err = client.Follow(ctx, "/api/v1/trace"+what.Query(), t.take)
			if ctx.Err() != nil || errors.Is(err, admin.ErrEnded) && what.Calls > 0 && t.left == 0 {
				return nil
			}
			return failed(err)
		},
	}
	addSidecar(command, &of)
	addJSON(command, &of)
	flags := command.Flags()
	flags.IntVarP(&what.Calls, "calls", "n", admin.DefaultTraced, "end after `N` calls; 0: when it is stopped")
	flags.BoolVar(&what.Failed, "failed", false, "calls that have not ended by a result")
	flags.DurationVar(&what.Slow, "slow", 0, "calls that have waited and run for `TIME` or longer")
	flags.StringVar(&what.Realm, "realm", "", "`NAME` of its realm, where several have such a pool")
	return command
}

// tracing prints what is told of calls.
type tracing struct {
	out, err io.Writer
	json     bool
	left     int // calls that are yet to come, where they are counted
	columns  int
}

// take takes an event. What is no call of the pool goes where it mingles with none.
func (t *tracing) take(name string, data []byte) error {
	switch name {
	case "following":
		var f admin.Following
		if err := json.Unmarshal(data, &f); err != nil {
			return unreadable(err)
		}
		t.begin(&f)
	case "call":
		t.left--
		if t.json {
			_, err := fmt.Fprintf(t.out, "%s\n", data)
			return err
		}
		var call admin.TracedCall
		if err := json.Unmarshal(data, &call); err != nil {
			return unreadable(err)
		}
		_, err := fmt.Fprintln(t.out, t.line(&call))
		return err
	case "lost":
		var l admin.Lost
		if err := json.Unmarshal(data, &l); err != nil {
			return unreadable(err)
		}
		fmt.Fprintf(t.err, "wampool: %d calls are left out: more ended than are shown\n", l.Lost)
	}
	return nil
}

func unreadable(err error) error { return fmt.Errorf("what the sidecar tells can't be read: %w", err) }

// begin says that calls are followed from now on.
func (t *tracing) begin(f *admin.Following) {
	fmt.Fprintf(t.err, "calls of pool %s of realm %s, as they end:\n", admin.Printable(f.Pool), admin.Printable(f.Realm))
	if t.columns = columnsOf(t.out); !t.json {
		fmt.Fprintln(t.out, t.heading())
	}
}

// columnsOf is how wide a terminal is. What is none is as wide as it has to be.
func columnsOf(out io.Writer) int {
	if file, is := out.(*os.File); is && isTerminal(file) {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return maxTraceWidth
}
