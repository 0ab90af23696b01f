package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wampool/wampool/proxy"
)

// steerPatience is how long a sidecar may take to do what it is told.
const steerPatience = 30 * time.Second

// steer is a command that has a sidecar do something by its admin listener.
type steer struct {
	use, short, long, example string
	args                      cobra.PositionalArgs
	flags                     func(*cobra.Command) // nil: none of its own
	path                      string
	request                   func(args []string) any
	answer                    func() any // to be filled
	tell                      func(w io.Writer, answer any)
	patience                  func() time.Duration   // how long it may take beside steerPatience; nil: no longer
	unfinished                func(answer any) error // why what was waited for is not so; nil: nothing is waited for
}

func (c *steer) command(s streams) *cobra.Command {
	var of sidecar
	command := &cobra.Command{
		Use: c.use, Short: c.short, Long: c.long, Example: c.example, Args: c.args,
		RunE: func(command *cobra.Command, args []string) error {
			client, err := of.ask(command, s.in)
			if err != nil {
				return err
			}
			patience := steerPatience
			if c.patience != nil {
				patience += c.patience()
			}
			ctx, cancel := context.WithTimeout(command.Context(), patience)
			defer cancel()
			answer := c.answer()
			if err := client.Post(ctx, "/api/v1/"+c.path, c.request(args), answer); err != nil {
				return failed(fmt.Errorf("%s: %w", c.path, err))
			}
			if of.json {
				err = printJSON(s.out, answer)
			} else {
				c.tell(s.out, answer)
			}
			if err == nil && c.unfinished != nil {
				err = c.unfinished(answer)
			}
			return failed(err)
		},
	}
	addSidecar(command, &of)
	addJSON(command, &of)
	if c.flags != nil {
		c.flags(command)
	}
	return command
}

const whoMaySteer = `
Over TCP the admin listener takes commands with control = true; over a Unix socket
from whom the socket's mode lets write.`

func newReload(s streams) *cobra.Command {
	c := steer{
		use: "reload -c FILE | reload --address ADDRESS", short: "Have a sidecar that runs read its configuration again",
		long: `Has a sidecar read the files again that it was started with, and prints what has
changed, and what holds from the next start on only. A mistake in them is printed,
and changes nothing: the exit code is 1 then. SIGHUP does the same, into the log.
` + whoMaySteer,
		example: `  wampool reload -c /etc/wampool/wampool.hcl`,
		args:    cobra.NoArgs, path: "reload",
		request: func([]string) any { return nil },
		answer:  func() any { return new(proxy.Reloaded) },
		tell: func(w io.Writer, answer any) {
			told := answer.(*proxy.Reloaded)
			if len(told.Changed) == 0 {
				fmt.Fprintln(w, "nothing has changed")
			}
			for _, setting := range told.Changed {
				fmt.Fprintln(w, "changed:", setting)
			}
			for _, setting := range told.Deferred {
				fmt.Fprintln(w, "not now:", setting)
			}
		},
	}
	return c.command(s)
}

func oneName(what string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return fmt.Errorf("%s needs one %s", command.Name(), what)
		}
		return nil
	}
}

func newPause(s streams) *cobra.Command {
	return pauseCommand(s, "pause", "Have the calls of a pool wait", `Has the calls of a pool wait, or be refused where nothing waits. Those that run go on.
It lasts until wampool resume, though the pool's callees come and go. POOL is its
name as wampool pools prints it.
`)
}

func newResume(s streams) *cobra.Command {
	return pauseCommand(s, "resume", "Have the calls of a pool that was paused go on", "")
}

func pauseCommand(s streams, name, short, long string) *cobra.Command {
	var realm string
	c := steer{
		use: fmt.Sprintf("%s POOL -c FILE | %s POOL --address ADDRESS", name, name), short: short, long: strings.TrimSpace(long + whoMaySteer),
		example: fmt.Sprintf("  wampool %s com.example.compute -c /etc/wampool/wampool.hcl", name),
		args:    oneName("POOL"), path: name,
		flags: func(command *cobra.Command) {
			command.Flags().StringVar(&realm, "realm", "", "`NAME` of its realm, where several have such a pool")
		},
		request: func(args []string) any { return map[string]any{"pool": args[0], "realm": realm} },
		answer:  func() any { return new(proxy.Paused) },
		tell: func(w io.Writer, answer any) {
			p := answer.(*proxy.Paused)
			state := "gets its calls served"
			if p.IsPaused {
				state = fmt.Sprintf("is paused; %d calls wait", p.Waiting)
			}
			fmt.Fprintf(w, "pool %s of realm %s %s\n", p.Pool, p.Realm, state)
		},
	}
	return c.command(s)
}
