package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wampool/wampool/configs"
)

// longestFormatted is how many bytes of a file are read: one more than a
// configuration may have, for that to be told.
const longestFormatted = 256<<10 + 1

func newFmt(s streams) *cobra.Command {
	var check bool
	command := &cobra.Command{
		Use:   "fmt FILE...",
		Short: "Bring configuration files into their canonical form",
		Long: `Rewrites configuration files in HCL with the usual spaces and indentation, comments
kept, and prints the names of those that it changed. A folder stands for its *.hcl;
FILE - is the standard input, which is written to the standard output.

With --check nothing is written: the exit code is 1 if a file would change. It is 2
if one can't be read, or its syntax is wrong; that file stays as it is.`,
		Example: `  wampool fmt wampool.hcl conf.d
  wampool fmt --check .`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("fmt needs the FILE to be formatted, - for the standard input")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			changed, wrong := false, false
			for _, file := range args {
				differs, err := formatAll(s, file, check)
				changed = changed || differs
				wrong = wrong || err != nil
				report(s.err, err)
			}
			switch {
			case wrong:
				return &failure{code: exitUsage}
			case changed && check:
				return &failure{code: exitFailure}
			}
			return nil
		},
	}
	command.Flags().BoolVar(&check, "check", false, "write nothing, and tell by the exit code whether anything would change")
	return command
}

// formatAll formats a file, a folder's files, or for "-" the standard input. It
// returns whether any of them was in another form.
func formatAll(s streams, file string, check bool) (changed bool, err error) {
	if file == "-" {
		return formatInput(s, check)
	}
	files := []string{file}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(file, "*.hcl")); err != nil {
			return false, err
		}
	}
	for _, file := range files {
		differs, fileErr := formatFile(s, file, check)
		changed = changed || differs
		if fileErr != nil {
			report(s.err, err)
			err = fileErr
		}
	}
	return changed, err
}

// formatFile writes a file in place, so that its owner and mode stay.
func formatFile(s streams, file string, check bool) (changed bool, err error) {
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	src, err := io.ReadAll(io.LimitReader(f, longestFormatted))
	_ = f.Close()
	if err != nil {
		return false, err
	}
	formatted, err := configs.Format(src, file)
	if err != nil || bytes.Equal(src, formatted) {
		return false, err
	}
	if _, err := fmt.Fprintln(s.out, file); err != nil || check {
		return true, err
	}
	return true, os.WriteFile(file, formatted, 0o600)
}

func formatInput(s streams, check bool) (changed bool, err error) {
	src, err := io.ReadAll(io.LimitReader(s.in, longestFormatted))
	if err != nil {
		return false, err
	}
	formatted, err := configs.Format(src, "standard input")
	if err == nil && !check {
		_, err = s.out.Write(formatted)
	}
	return !bytes.Equal(src, formatted), err
}
