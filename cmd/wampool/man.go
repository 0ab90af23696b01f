package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/wampool/wampool/configs"
)

// newMan is for those who make packages, and not listed.
func newMan(s streams) *cobra.Command {
	return &cobra.Command{
		Use:    "man FOLDER",
		Short:  "Write the manual pages into a folder",
		Long:   "Writes wampool(1), a page for each command, and wampool.hcl(5). Their date is that of\nthe environment variable SOURCE_DATE_EPOCH, or today's.",
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE:   func(_ *cobra.Command, args []string) error { return failed(writeManual(s, args[0])) },
	}
}

func writeManual(s streams, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	root := newRoot(s)
	root.InitDefaultCompletionCmd("completion")
	root.DisableAutoGenTag = true
	header := &doc.GenManHeader{Section: "1", Source: "wampool", Manual: "wampool"}
	if err := doc.GenManTree(root, header, folder); err != nil {
		return err
	}
	date := time.Now()
	if header.Date != nil {
		date = *header.Date
	}
	return os.WriteFile(filepath.Join(folder, "wampool.hcl.5"), manualOfConfiguration(date), 0o644)
}

var (
	contentsLine = regexp.MustCompile(`(?m)^- \[[^\]]*\]\(#[^)]*\)\n`)
	markdownLink = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// manualOfConfiguration is wampool.hcl(5): what the README of configs says, without
// its links.
func manualOfConfiguration(date time.Time) []byte {
	_, text, _ := strings.Cut(configs.Manual, "\n")
	text = contentsLine.ReplaceAllString(text, "")
	text = markdownLink.ReplaceAllString(text, "$1")
	head := fmt.Sprintf("# WAMPOOL.HCL 5 %q wampool wampool\n\n## NAME\nwampool.hcl \\- configuration of wampool(1)\n\n## DESCRIPTION\n", date.UTC().Format("Jan 2006"))
	return md2man.Render([]byte(head + text))
}
