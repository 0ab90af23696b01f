package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wampool/wampool/configs/crossbar"
)

// longestImported is how many bytes of a file are read; no less than the importer takes.
const longestImported = 2 << 20

func newImport(s streams) *cobra.Command {
	command := &cobra.Command{
		Use:   "import",
		Short: "Write a configuration from that of a router",
		Args:  cobra.NoArgs,
		RunE:  func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newImportCrossbar(s))
	return command
}

func newImportCrossbar(s streams) *cobra.Command {
	var options crossbar.Options
	command := &cobra.Command{
		Use:   "crossbar FILE",
		Short: "Write a configuration from that of a Crossbar.io node",
		Long: `Reads the configuration of a Crossbar.io node, config.json or config.yaml, and
prints that of a wampool before it: its realms, the roles whose callees may be
pooled, a login for wampool's own session, and a pool with a queue for each entry of
"call-queue". Comments name all that has no counterpart, with its place and line.

wampool stands before one transport. The source's first that needs the least is
taken; the comments name the others, for --door. No secret is copied: what has to be
set where wampool runs is told on standard error. FILE - is the standard input.`,
		Example: `  wampool import crossbar .crossbar/config.json > wampool.hcl
  wampool check wampool.hcl`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return importCrossbar(s, args[0], options) },
	}
	flags := command.Flags()
	flags.StringVar(&options.Door, "door", "", "`PATH` in the source of the transport to stand before, as workers[0].transports[1]")
	flags.StringVar(&options.Listen, "listen", "", "`URL` where clients connect; if not given, as at the transport, at a port 1000 higher")
	return command
}

func importCrossbar(s streams, file string, options crossbar.Options) error {
	src, name := s.in, "standard input"
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return &failure{exitUsage, err}
		}
		defer f.Close()
		src, name = f, file
	}
	text, err := io.ReadAll(io.LimitReader(src, longestImported))
	if err != nil {
		return &failure{exitUsage, err}
	}
	if options.Folder, err = filepath.Abs(filepath.Dir(name)); err != nil {
		return failed(err)
	}
	result, err := crossbar.Convert(text, filepath.Base(name), options)
	if err != nil {
		return &failure{exitUsage, fmt.Errorf("%s: %w", name, err)}
	}
	for _, v := range result.Variables {
		fmt.Fprintf(s.err, "to be set where wampool runs: %s, %s\n", v.Name, v.Holds)
	}
	_, err = s.out.Write(result.HCL)
	return failed(err)
}
