package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

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

// formatFile brings a file into its form.
func formatFile(s streams, file string, check bool) (changed bool, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return false, err
	}
	if !check && !info.Mode().IsRegular() {
		return false, &fs.PathError{Op: "open", Path: file, Err: errors.New("not a regular file")}
	}
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
	return true, replaceFile(file, formatted, info)
}

// replaceFile has a file hold text, with its mode and owner, or leaves it as it was:
// of a full disk too, for the text is written beside it and takes its place whole. It
// is written in place where the folder, the owner or a mount forbids that. Of a link,
// it is the file that this leads to.
func replaceFile(file string, text []byte, was fs.FileInfo) error {
	file, err := filepath.EvalSymlinks(file)
	if err != nil {
		return err
	}
	if err = renameOver(file, text, was); errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EBUSY) {
		return os.WriteFile(file, text, was.Mode())
	}
	return err
}

func renameOver(file string, text []byte, was fs.FileInfo) error {
	beside, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*") // hidden: no file of a folder's configuration
	if err != nil {
		return err
	}
	_, err = beside.Write(text)
	err = errors.Join(err, keepOwner(beside, was), beside.Chmod(was.Mode()), beside.Sync(), beside.Close())
	if err == nil {
		err = os.Rename(beside.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(beside.Name()))
	}
	return nil
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
