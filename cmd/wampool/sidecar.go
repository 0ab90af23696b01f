package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/wampool/wampool/proxy/admin"
)

// sidecar is the sidecar that runs whom a command is about: where its admin listener
// is, and how its answers are printed.
type sidecar struct {
	files   []string
	address string
	json    bool
}

// addSidecar adds the flags that say which one.
func addSidecar(command *cobra.Command, of *sidecar) {
	addFiles(command, &of.files)
	command.Flags().StringVar(&of.address, "address", "", "`ADDRESS` of its admin listener: HOST:PORT, or unix:///PATH")
}

// addJSON adds the flag for programs.
func addJSON(command *cobra.Command, of *sidecar) {
	command.Flags().BoolVar(&of.json, "json", false, "print what the admin listener answers, in JSON")
}

// find returns the address of its admin listener.
func (of *sidecar) find(command *cobra.Command, in io.Reader) (string, error) {
	if (len(of.files) == 0) == (of.address == "") {
		return "", errors.New(command.Name() + " needs -c FILE or --address ADDRESS, one of them")
	}
	if of.address != "" {
		return of.address, nil
	}
	config, err := loadFiles(of.files, in)
	switch {
	case err != nil:
		return "", &failure{exitUsage, err}
	case config.Admin == nil:
		return "", &failure{exitUsage, fmt.Errorf("%s has no admin block: there is nobody to ask", named(of.files))}
	}
	return config.Admin.Address, nil
}

// ask returns a client of its admin listener.
func (of *sidecar) ask(command *cobra.Command, in io.Reader) (*admin.Client, error) {
	address, err := of.find(command, in)
	if err != nil {
		return nil, err
	}
	return admin.NewClient(address), nil
}

// printJSON prints an answer for programs.
func printJSON(w io.Writer, answer any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(answer)
}
