package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

func newVersion(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which version this is",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(s.out, version(buildInfo()))
			return failed(err)
		},
	}
}

func buildInfo() *debug.BuildInfo {
	if build, ok := debug.ReadBuildInfo(); ok {
		return build
	}
	return &debug.BuildInfo{}
}

// version is one line: the module's version, the commit that it was built from
// where the version does not say that, and what built it for what.
func version(build *debug.BuildInfo) string {
	number := build.Main.Version
	if number == "" {
		number = "(devel)"
	}
	var commit, date, modified string
	for _, setting := range build.Settings {
		switch setting.Key {
		case "vcs.revision":
			commit = setting.Value[:min(12, len(setting.Value))]
		case "vcs.time":
			date = setting.Value
		case "vcs.modified":
			if setting.Value == "true" {
				modified = ", modified"
			}
		}
	}
	if commit != "" && !strings.Contains(number, commit) {
		number += fmt.Sprintf(" (%s of %s%s)", commit, date, modified)
	}
	return fmt.Sprintf("wampool %s, %s, %s/%s", number, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
