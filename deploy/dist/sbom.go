package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeSBOM writes which modules the program and its tests are made of, and compares
// that with go.mod.
func (r *release) writeSBOM() error {
	file := filepath.Join(r.out, "wampool_"+r.built.version+".cdx.json")
	_, err := output(r.top, nil, filepath.Join(r.tools, "cyclonedx-gomod"),
		"mod", "-json", "-type", "application", "-test", "-std", "-noserial", "-notimestamp", "-output", file, ".")
	if err != nil {
		return err
	}
	return r.compareSBOM(file)
}

// compareSBOM finds a module of go.mod that the SBOM lacks.
func (r *release) compareSBOM(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var bom struct {
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(content, &bom); err != nil {
		return err
	}
	listed := make(map[string]bool)
	for _, c := range bom.Components {
		listed[c.Name+" "+c.Version] = true
	}
	text, err := output(r.top, nil, "go", "mod", "edit", "-json")
	if err != nil {
		return err
	}
	var mod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal([]byte(text), &mod); err != nil {
		return err
	}
	var lacking []string
	for _, m := range mod.Require {
		if !listed[m.Path+" "+m.Version] {
			lacking = append(lacking, m.Path)
		}
	}
	if lacking, err = r.needed(lacking); err == nil && len(lacking) > 0 {
		err = fmt.Errorf("it lacks %s", strings.Join(lacking, ", "))
	}
	return err
}

// needed leaves out the modules that are there for the tests of others alone:
// nothing of them is built here.
func (r *release) needed(modules []string) (needed []string, err error) {
	if len(modules) == 0 {
		return nil, nil
	}
	reasons, err := output(r.top, nil, "go", append([]string{"mod", "why", "-m", "-vendor"}, modules...)...)
	for _, module := range modules {
		if !strings.Contains(reasons, "does not need to vendor module "+module+")") {
			needed = append(needed, module)
		}
	}
	return needed, err
}
