package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wampool/wampool/proxy"
	"github.com/wampool/wampool/proxy/admin"
)

// drainFlags say what is drained or undrained, and how.
type drainFlags struct {
	pool, realm string
	all         bool
	goodbye     bool
	wait        time.Duration
	atLeast     time.Duration
}

func (f *drainFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.pool, "pool", "", "the `POOL` of that name, as wampool pools prints it")
	flags.StringVar(&f.realm, "realm", "", "`NAME` of its realm, where several have such a pool")
	flags.BoolVar(&f.all, "all", false, "all pools, of all realms")
}

// addWait adds what is of drain alone.
func (f *drainFlags) addWait(command *cobra.Command) {
	flags := command.Flags()
	flags.BoolVar(&f.goodbye, "goodbye", false, "end a callee's session once it has nothing in flight any more")
	flags.DurationVar(&f.wait, "wait", 0, "wait until it is done, for `TIME` at most, 25s for one; else the exit code is 1")
	flags.DurationVar(&f.atLeast, "at-least", 0, "take no less than `TIME`: for an orchestrator's hook, until all know that nobody is to connect here")
}

// check takes one of NAME, --pool and --all.
func (f *drainFlags) check(command *cobra.Command, args []string) error {
	named := 0
	for _, is := range []bool{len(args) > 0, f.pool != "", f.all} {
		if is {
			named++
		}
	}
	switch {
	case named != 1 || len(args) > 1 || len(args) == 1 && args[0] == "":
		return fmt.Errorf("%s needs one NAME, of a callee, or --pool POOL, or --all", command.Name())
	case f.realm != "" && f.pool == "":
		return errors.New("--realm is of --pool")
	case f.goodbye && len(args) == 0:
		return errors.New("--goodbye is of a callee")
	case f.wait < 0 || f.wait > mostWait || f.atLeast < 0 || f.atLeast > mostWait:
		return fmt.Errorf("--wait and --at-least must be from 0s to %s", mostWait)
	}
	return nil
}

// mostWait is the longest that a sidecar waits for what it was told.
const mostWait = time.Hour

func (f *drainFlags) request(args []string) any {
	request := map[string]any{}
	switch {
	case f.all:
		request["all"] = true
	case f.pool != "":
		request["pool"], request["realm"] = f.pool, f.realm
	default:
		request["name"], request["goodbye"] = args[0], f.goodbye
	}
	if f.wait > 0 {
		request["wait_seconds"] = f.wait.Seconds()
	}
	return request
}

// answer is what the sidecar answers, by what it was asked for.
func (f *drainFlags) answer() any {
	switch {
	case f.all:
		return new(proxy.DrainedAll)
	case f.pool != "":
		return new(proxy.DrainedPool)
	}
	return new(proxy.Drained)
}

func tellDrained(w io.Writer, answer any) {
	switch d := answer.(type) {
	case *proxy.DrainedAll:
		fmt.Fprintln(w, "all pools:", drainState(d.IsDraining, d.Registrations, d.Waiting, d.Running))
	case *proxy.DrainedPool:
		fmt.Fprintf(w, "pool %s of realm %s: %s\n", admin.Printable(d.Pool), d.Realm, drainState(d.IsDraining, d.Registrations, d.Waiting, d.Running))
	case *proxy.Drained:
		state := "gets calls again"
		if d.IsDraining {
			state = fmt.Sprintf("gets no new call; %d in flight", d.InFlight)
		}
		fmt.Fprintf(w, "session %d (%s, %s) %s\n", d.Session, admin.Printable(cmp.Or(d.AuthID, "-")), d.Address, state)
	}
}

func drainState(drains bool, registrations, waiting, running int) string {
	switch {
	case !drains:
		return "served here again"
	case registrations > 0:
		return fmt.Sprintf("%d registrations at the router are being given up; %d calls wait, %d run", registrations, waiting, running)
	}
	return fmt.Sprintf("not registered at the router; %d calls wait, %d run", waiting, running)
}

// unfinished tells what was waited for in vain.
func (f *drainFlags) unfinished(answer any) error {
	done := true
	switch d := answer.(type) {
	case *proxy.DrainedAll:
		done = d.IsDone()
	case *proxy.DrainedPool:
		done = d.IsDone()
	case *proxy.Drained:
		done = d.InFlight == 0
	}
	if f.wait > 0 && !done {
		return fmt.Errorf("drain: it is not done after %s", f.wait)
	}
	return nil
}

func newDrain(s streams) *cobra.Command {
	var of drainFlags
	c := steer{
		use:   "drain NAME | --pool POOL | --all, -c FILE | --address ADDRESS",
		short: "Have a callee get no new call, or a pool or all of them be served elsewhere",
		long: `Of a callee: it gets no new call. What it has in flight finishes, and its
registrations stay, until it leaves or wampool undrain takes it back. NAME is its
session's ID, its authid, or its address with or without the port; one of several
callees is an error that lists them.

Of a pool: its registration at the router is given up, so that the router has
whoever else registers it serve it. What runs here finishes, and what waits gets its
turn; callees stay, and new ones are refused, until wampool undrain, though callees
come and go.

Of all pools: wampool is not ready first (/readyz), and then gives up all of its
registrations in the same way. It goes on running, and stays so until wampool undrain
--all or its end. A stop that follows refuses no call.
` + whoMaySteer,
		example: `  wampool drain worker-3 -c /etc/wampool/wampool.hcl
  wampool drain 10.0.0.3 --goodbye --address 127.0.0.1:9090
  wampool drain --pool com.example.compute --wait 30s -c /etc/wampool/wampool.hcl
  wampool drain --all --wait 25s --at-least 5s --address unix:///run/wampool/admin.sock`,
		path:    "drain",
		flags:   func(command *cobra.Command) { of.add(command); of.addWait(command) },
		request: of.request, answer: of.answer, tell: tellDrained,
		patience: func() time.Duration { return of.wait }, unfinished: of.unfinished,
	}
	c.args = of.check
	command := c.command(s)
	run := command.RunE
	command.RunE = func(command *cobra.Command, args []string) error {
		enough := time.After(of.atLeast)
		err := run(command, args)
		<-enough
		return err
	}
	return command
}

func newUndrain(s streams) *cobra.Command {
	var of drainFlags
	c := steer{
		use:   "undrain NAME | --pool POOL | --all, -c FILE | --address ADDRESS",
		short: "Have a callee, a pool, or all of them get calls here again",
		long: `Takes back what wampool drain did. A pool that drains by itself goes on doing so
after undrain --all. A registration that somebody else has got meanwhile is asked
for again and again.
` + strings.TrimSpace(whoMaySteer),
		example: `  wampool undrain worker-3 -c /etc/wampool/wampool.hcl
  wampool undrain --all -c /etc/wampool/wampool.hcl`,
		path: "undrain", flags: of.add,
		request: of.request, answer: of.answer, tell: tellDrained,
	}
	c.args = of.check
	return c.command(s)
}
