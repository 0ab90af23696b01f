package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wampool/wampool/configs"
)

// addFiles gives a command the flag -c, by which all of them find the configuration.
func addFiles(command *cobra.Command, files *[]string) {
	command.Flags().StringArrayVarP(files, "config", "c", nil,
		"configuration `FILE`, or folder with *.hcl and *.hcl.json; may be given more than once")
}

// loadFiles reads the configuration that files hold together, "-" alone being in.
func loadFiles(files []string, in io.Reader) (*configs.Config, error) {
	if len(files) == 1 && files[0] == "-" {
		return configs.Read(in, "standard input")
	}
	return configs.Load(files...)
}

// named is how files are called together.
func named(files []string) string { return strings.Join(files, ", ") }
