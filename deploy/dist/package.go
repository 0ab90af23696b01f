package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

// packaged is what the description of a package needs to know: nfpm.yaml.
type packaged struct {
	Kind, Version, Processor string
	Time                     string
	Top, Work, Program, Unit string
	Manual                   []page
	Examples                 []string
}

// page is a manual page, and the section it belongs to.
type page struct{ File, Section string }

// writePackage writes a .deb or .rpm.
func (r *release) writePackage(kind, program, processor string) error {
	p := packaged{
		Kind: kind, Version: r.built.version, Processor: processor, Time: r.built.time.Format(time.RFC3339),
		Top: r.top, Work: r.work, Program: program, Unit: filepath.Join(r.work, "wampool.service"),
	}
	if err := r.writeUnit(p.Unit); err != nil {
		return err
	}
	pages, err := filepath.Glob(filepath.Join(r.work, "man", "*"))
	if err != nil {
		return err
	}
	for _, file := range pages {
		zipped, err := r.zipped(file)
		if err != nil {
			return err
		}
		p.Manual = append(p.Manual, page{zipped, strings.TrimPrefix(filepath.Ext(file), ".")})
	}
	for _, pattern := range []string{"configs/examples/*.hcl", "deploy/systemd/*.socket"} {
		examples, err := filepath.Glob(filepath.Join(r.top, filepath.FromSlash(pattern)))
		if err != nil {
			return err
		}
		p.Examples = append(p.Examples, examples...)
	}
	description := filepath.Join(r.work, "nfpm-"+kind+".yaml")
	if err := fill(filepath.Join(r.top, "deploy", "dist", "nfpm.yaml"), description, p); err != nil {
		return err
	}
	target := filepath.Join(r.out, "wampool_"+r.built.version+"_"+processor+"."+kind)
	_, err = output(r.top, r.environment(), filepath.Join(r.tools, "nfpm"), "package", "--config", description, "--packager", kind, "--target", target)
	return err
}

func fill(from, to string, with packaged) error {
	filled, err := template.ParseFiles(from)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := filled.Option("missingkey=error").Execute(&text, with); err != nil {
		return err
	}
	return os.WriteFile(to, text.Bytes(), 0o644)
}

// zipped writes a manual page as systems have them.
func (r *release) zipped(file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	w, err := gzip.NewWriterLevel(&text, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	_, err = w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		return "", err
	}
	target := filepath.Join(r.work, "zipped", filepath.Base(file)+".gz")
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return "", err
	}
	return target, os.WriteFile(target, text.Bytes(), 0o644)
}

// What a package has otherwise than who installs by hand: where the program is, and
// a user that stays.
var unitOfPackages = [][2]string{
	{"/usr/local/bin/wampool", "/usr/bin/wampool"},
	{"\nDynamicUser=yes\n", "\nUser=wampool\nGroup=wampool\n"},
}

// writeUnit writes the unit of systemd as packages have it, without the comments on
// how to install it.
func (r *release) writeUnit(file string) error {
	content, err := os.ReadFile(filepath.Join(r.top, "deploy", "systemd", "wampool.service"))
	if err != nil {
		return err
	}
	_, text, found := strings.Cut(string(content), "\n[Unit]\n")
	if !found {
		return errors.New("deploy/systemd/wampool.service has no [Unit]")
	}
	text = "# See wampool(1) and wampool.hcl(5). Change it by: systemctl edit wampool\n[Unit]\n" + text
	for _, change := range unitOfPackages {
		if !strings.Contains(text, change[0]) {
			return fmt.Errorf("deploy/systemd/wampool.service has no %s", strings.TrimSpace(change[0]))
		}
		text = strings.ReplaceAll(text, change[0], change[1])
	}
	return os.WriteFile(file, []byte(text), 0o644)
}
