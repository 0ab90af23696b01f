// Command dist builds what is released, into a folder that it makes anew:
//
//	go build ─▶ a static program for each platform ─┬─▶ tar.gz or zip, with manual pages and completions
//	                                                └─▶ nfpm ─▶ .deb and .rpm (Linux)
//	go.mod ──▶ cyclonedx-gomod ─▶ SBOM, compared with go.mod       └─▶ SHA256SUMS of all
//
// The same commit gives the same bytes: paths are left out, and times are those of
// the commit. The version is what Go stamps into the program: the tag, or the
// commit's pseudo-version.
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// release is what is made, and of what.
type release struct {
	top     string // of the repository
	out     string
	work    string // for what is on its way
	tools   string // where nfpm and cyclonedx-gomod are
	profile string // by which the program is built, from the top; "off": none
	built   built  // what the program says of itself
	host    string // the program, for this machine
}

func main() {
	r := release{}
	var platforms, kinds string
	flag.StringVar(&r.out, "out", "dist", "folder for what is made, which is emptied first")
	flag.StringVar(&r.tools, "tools", ".bin", "folder with nfpm and cyclonedx-gomod")
	flag.StringVar(&r.profile, "profile", "cmd/wampool/default.pgo", "profile by which the program is built; off: none, for a build that takes less long")
	flag.StringVar(&platforms, "platforms", "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64", "systems and processors")
	flag.StringVar(&kinds, "kinds", "archive,deb,rpm,sbom", "what is made of each")
	flag.Parse()
	if err := r.make(strings.Split(platforms, ","), strings.Split(kinds, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func (r *release) make(platforms, kinds []string) (err error) {
	if err := r.prepare(); err != nil {
		return err
	}
	defer os.RemoveAll(r.work)
	if err := r.buildForHost(); err != nil {
		return err
	}
	if err := r.writeManual(); err != nil {
		return err
	}
	for _, platform := range platforms {
		if err := r.makeFor(platform, kinds); err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
	}
	if slices.Contains(kinds, "sbom") {
		if err := r.writeSBOM(); err != nil {
			return fmt.Errorf("SBOM: %w", err)
		}
	}
	return r.writeSums()
}

// prepare finds the repository, and empties the folder for what is made: if there is
// something else than that in it, it is left alone.
func (r *release) prepare() (err error) {
	if r.top, err = output(".", nil, "go", "list", "-m", "-f", "{{.Dir}}"); err != nil {
		return err
	}
	for _, folder := range []*string{&r.out, &r.tools} {
		if *folder, err = filepath.Abs(*folder); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(r.out)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for _, entry := range entries {
		if name := entry.Name(); entry.IsDir() || !strings.HasPrefix(name, "wampool") && name != sumsFile {
			return fmt.Errorf("%s is not from here: the folder has to be one for this alone", filepath.Join(r.out, name))
		}
	}
	if err := os.RemoveAll(r.out); err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	r.work, err = os.MkdirTemp("", "wampool-dist-")
	return err
}

// makeFor makes all kinds for a platform.
func (r *release) makeFor(platform string, kinds []string) error {
	system, processor, found := strings.Cut(platform, "/")
	if !found {
		return fmt.Errorf("a platform is written as linux/amd64")
	}
	program, err := r.build(system, processor)
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		switch kind {
		case "archive":
			err = r.writeArchive(program, system, processor)
		case "deb", "rpm":
			if system == "linux" {
				err = r.writePackage(kind, program, processor)
			}
		case "sbom":
		default:
			err = fmt.Errorf("unknown kind %q: archive, deb, rpm, sbom", kind)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const sumsFile = "SHA256SUMS"

// writeSums writes the checksums of all files, as sha256sum does.
func (r *release) writeSums() error {
	files, err := filepath.Glob(filepath.Join(r.out, "wampool*"))
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), filepath.Base(file))
		fmt.Printf("%10d  %s\n", len(content), filepath.Base(file))
	}
	return os.WriteFile(filepath.Join(r.out, sumsFile), []byte(sums.String()), 0o644)
}
