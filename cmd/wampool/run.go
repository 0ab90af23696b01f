package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy"
)

// Defaults of the flags that stand for a file.
const (
	defaultRealm  = "realm1"
	defaultListen = "ws://127.0.0.1:9000/ws"
)

func newRun(s streams) *cobra.Command {
	var files []string
	var router, realm, listen, unit string
	command := &cobra.Command{
		Use:   "run -c FILE | run --router URL [--realm NAME] [--listen URL]",
		Short: "Run the sidecar",
		Long: `Runs the sidecar by a configuration, which may be spread over several files and
folders; or, without one, for one realm of a router: then callees are pooled that
ask for it by the options "invoke" or "concurrency" of their registration.

SIGINT or SIGTERM stops it cleanly: no new call is taken, and those in flight may
finish within drain_timeout. Another one a second later or more stops it at once.
SIGHUP reads the configuration again: what it changes holds for calls that arrive or
wait afterwards, no connection ends for it, and a mistake in it changes nothing.
What only holds from the next start on is told by the log, and by wampool reload.`,
		Example: `  wampool run -c wampool.hcl
  wampool run -c /etc/wampool/wampool.hcl -c /etc/wampool/conf.d
  wampool run --router ws://127.0.0.1:8080/ws`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := fileOrFlags(command); err != nil {
				return err
			}
			outliveReaders()
			config, err := loadConfig(s, files, router, realm, listen, unit)
			if err != nil {
				return &failure{exitUsage, err}
			}
			for _, warning := range config.Warnings {
				fmt.Fprintln(s.err, warning)
			}
			var reload func() (*configs.Config, error)
			if router == "" && !slices.Contains(files, "-") {
				reload = func() (*configs.Config, error) { return loadFiles(files, s.in) }
			}
			return failed(run(s, config, reload))
		},
	}
	flags := command.Flags()
	addFiles(command, &files)
	flags.StringVar(&router, "router", "", "`URL` of the router: ws, wss, rs, rss or unix")
	flags.StringVar(&realm, "realm", defaultRealm, "`NAME` of the realm")
	flags.StringVar(&listen, "listen", defaultListen, "`URL` where clients connect")
	flags.StringVar(&unit, "timeout-unit", configs.DefaultTimeoutUnit,
		"`UNIT` in which the router counts call timeouts: ms, s, or auto to go by its WELCOME")
	return command
}

// fileOrFlags refuses a command line with both ways to configure run, or none,
// and a flag that a file would have refused.
func fileOrFlags(command *cobra.Command) error {
	flags := command.Flags()
	if !flags.Changed("config") && !flags.Changed("router") {
		return errors.New("run needs -c FILE, or --router URL")
	}
	for _, flag := range []string{"router", "realm", "listen", "timeout-unit"} {
		if flags.Changed("config") && flags.Changed(flag) {
			return fmt.Errorf("-c FILE and --%s exclude each other: the file says that too", flag)
		}
	}
	if unit, _ := flags.GetString("timeout-unit"); !slices.Contains([]string{"auto", "ms", "s"}, unit) {
		return fmt.Errorf("--timeout-unit must be one of auto, ms, s, and is %q", unit)
	}
	return nil
}

func loadConfig(s streams, files []string, router, realm, listen, unit string) (*configs.Config, error) {
	if router == "" {
		return loadFiles(files, s.in)
	}
	config, err := configs.Default(router, listen, realm)
	if err == nil {
		config.Router.TimeoutUnit = unit
	}
	return config, err
}

// garbagePercent is how much the heap may grow between two collections, in
// percent, where the environment does not say (GOGC). Calls leave no garbage
// behind, so a sidecar that stays small costs nothing.
const garbagePercent = 50

// run serves until a signal comes and all is stopped. reload reads the configuration
// again; nil where there is no file.
func run(s streams, config *configs.Config, reload func() (*configs.Config, error)) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	signals := s.signals()
	defer followLoad()()
	log, err := newLogger(s.err, config.Log)
	if err != nil {
		return err
	}
	defer log.end()
	p := proxy.New(config, log.Logger)
	p.ShowWarnings(log.warnings)
	p.ReloadBy(reload, func(now *configs.Config) { _ = log.level.set(now.Log.Level) })
	system := newSupervisor(log.Logger)
	if err := system.inherit(p); err != nil {
		return err
	}
	if err := p.Listen(context.Background()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stopped := make(chan struct{})
	defer close(stopped)
	orders := orders{
		clean:  func() { system.stopping(); cancel() },
		now:    p.Stop,
		reload: func() { system.reloading(func() { _, _ = p.ReloadNow() }) }, // the log tells
	}
	go obey(signals, log.Logger, orders, stopped)
	go system.watch(p, stopped)
	system.ready()
	return p.Serve(ctx)
}
