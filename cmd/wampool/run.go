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
SIGHUP does nothing yet.`,
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
			return failed(run(s, config))
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

// run serves until a signal comes and all is stopped.
func run(s streams, config *configs.Config) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	defer followLoad()()
	log, warnings, endLog, err := newLogger(s.err, config.Log)
	if err != nil {
		return err
	}
	defer endLog()
	p := proxy.New(config, log)
	p.ShowWarnings(warnings)
	if err := p.Listen(context.Background()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stopped := make(chan struct{})
	defer close(stopped)
	go obey(s.signals, log, cancel, p.Stop, stopped)
	return p.Serve(ctx)
}
