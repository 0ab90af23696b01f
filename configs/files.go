package configs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxFiles is how many files a configuration may have.
const maxFiles = 256

// expand puts the files of a folder in its place.
func expand(paths []string) (files []string, err error) {
	if len(paths) == 0 {
		return nil, Diagnostics{{Filename: "configuration", Summary: "no file is named"}}
	}
	var infos []fs.FileInfo
	for _, path := range paths {
		within := []string{path}
		info, err := os.Stat(path)
		if err == nil && info.IsDir() {
			within, err = filesOf(path)
		}
		if err != nil {
			return nil, unreadable(path, err)
		}
		for _, file := range within {
			info, err := os.Stat(file)
			if err != nil {
				return nil, unreadable(file, err)
			}
			for i, other := range infos {
				if os.SameFile(info, other) {
					return nil, Diagnostics{{Filename: file, Summary: "this file is named twice; the first time as " + files[i]}}
				}
			}
			files, infos = append(files, file), append(infos, info)
		}
		if len(files) > maxFiles {
			return nil, Diagnostics{{Filename: path, Summary: fmt.Sprintf("the configuration has more than %d files", maxFiles)}}
		}
	}
	return files, nil
}

// filesOf returns the configuration files in a folder, by name. Hidden ones are
// none: editors and Kubernetes keep theirs so.
func filesOf(folder string) (files []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".hcl") && !strings.HasSuffix(name, ".hcl.json") {
			continue
		}
		if info, err := os.Stat(filepath.Join(folder, name)); err == nil && info.IsDir() {
			continue
		}
		files = append(files, filepath.Join(folder, name))
	}
	if len(files) == 0 {
		return nil, errors.New("no *.hcl and no *.hcl.json is in this folder")
	}
	return files, nil
}

// unreadable is the only mistake of a file that can't be read.
func unreadable(name string, err error) Diagnostics {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return Diagnostics{{Filename: name, Summary: "cannot read the configuration: " + err.Error()}}
}

func readSource(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f)
}

// readAll reads one byte more than Parse takes, for it to see that this is too long.
func readAll(from io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(from, maxFileBytes+1)) }
