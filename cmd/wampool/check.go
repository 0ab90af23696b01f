package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy"
)

func newCheck(s streams) *cobra.Command {
	var asJSON bool
	var together []string
	command := &cobra.Command{
		Use:   "check FILE... | check -c FILE",
		Short: "Report every mistake in configuration files",
		Long: `Reads configuration files as run does, without running anything, and reports all
their mistakes at once, and warnings of what is valid but probably not meant. Each
FILE is checked by itself, those after -c together, as they run. A folder stands
for its *.hcl and *.hcl.json; FILE - is the standard input. Variables and files
that they read by env() and file() must be there. A file may be up to 256 KiB long.

The exit code is 2 if a file has a mistake; warnings alone leave it 0.`,
		Example: `  wampool check wampool.hcl
  wampool check -c /etc/wampool/wampool.hcl -c /etc/wampool/conf.d
  wampool check --json - < wampool.hcl`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && len(together) == 0:
				return errors.New("check needs the FILE to be checked, - for the standard input")
			case len(args) > 0 && len(together) > 0:
				return errors.New("check takes FILE alone or -c FILE, not both")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, files []string) error {
			tell := tellPeople
			if asJSON {
				tell = tellPrograms
			}
			configurations := [][]string{together}
			if len(together) == 0 {
				configurations = slices.Collect(slices.Chunk(files, 1))
			}
			wrong := false
			for _, files := range configurations {
				config, err := loadFiles(files, s.in)
				wrong = wrong || err != nil
				if err := tell(s, named(files), config, err); err != nil {
					return failed(err)
				}
			}
			if wrong {
				return &failure{code: exitUsage}
			}
			return nil
		},
	}
	addFiles(command, &together)
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each configuration: file, ok, realms, pools, mistakes, warnings")
	return command
}

// warningsOf returns the warnings of a file, and what this machine lacks for it.
func warningsOf(config *configs.Config, file string) configs.Diagnostics {
	warnings := config.Warnings
	if text := proxy.LackOfFiles(config.Limits.Connections); text != "" {
		warnings = append(warnings, configs.Diagnostic{Warning: true, Filename: file, Summary: text})
	}
	return warnings
}

func tellPeople(s streams, file string, config *configs.Config, mistakes error) error {
	if mistakes != nil {
		report(s.err, mistakes)
		return nil
	}
	for _, warning := range warningsOf(config, file) {
		fmt.Fprintln(s.err, warning)
	}
	_, err := fmt.Fprintf(s.out, "%s: ok: %s\n", file, contents(config))
	return err
}

// checked is what check tells programs of one file.
type checked struct {
	File     string   `json:"file"`
	OK       bool     `json:"ok"`
	Realms   int      `json:"realms"`
	Pools    int      `json:"pools"`
	Mistakes []remark `json:"mistakes"`
	Warnings []remark `json:"warnings"`
}

// remark is a mistake or a warning; line and column are 0 where it concerns no
// place in a file.
type remark struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Summary string `json:"summary"`
	Hint    string `json:"hint,omitempty"`
}

func remarks(ds configs.Diagnostics) []remark {
	list := make([]remark, len(ds))
	for i, d := range ds {
		list[i] = remark{d.Filename, d.Line, d.Column, d.Summary, d.Hint}
	}
	return list
}

func tellPrograms(s streams, file string, config *configs.Config, err error) error {
	told := checked{File: file, OK: err == nil, Mistakes: []remark{}, Warnings: []remark{}}
	if mistakes := (configs.Diagnostics)(nil); errors.As(err, &mistakes) {
		told.Mistakes = remarks(mistakes)
	}
	if config != nil {
		told.Realms, told.Pools = len(config.Realms), pools(config)
		told.Warnings = remarks(warningsOf(config, file))
	}
	return json.NewEncoder(s.out).Encode(told)
}

// contents says how much a configuration holds.
func contents(config *configs.Config) string {
	return fmt.Sprintf("%s, %s", count(len(config.Realms), "realm"), count(pools(config), "pool"))
}

func pools(config *configs.Config) (n int) {
	for _, realm := range config.Realms {
		n += len(realm.Pools)
	}
	return n
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
