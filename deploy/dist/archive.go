package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// entry is a file of an archive.
type entry struct {
	name string // in the archive
	file string
	mode fs.FileMode
}

// entries are the files of an archive, in the order of their names.
func (r *release) entries(folder, program string) (found []entry, err error) {
	add := func(mode fs.FileMode, below string, files ...string) {
		for _, file := range files {
			found = append(found, entry{path.Join(folder, below, filepath.Base(file)), file, mode})
		}
	}
	add(0o644, "", filepath.Join(r.top, "CHANGELOG.md"), filepath.Join(r.top, "LICENSE"), filepath.Join(r.top, "README.md"))
	for _, within := range []struct{ below, pattern string }{
		{"completions", filepath.Join(r.work, "completions", "*")},
		{"examples", filepath.Join(r.top, "configs", "examples", "*.hcl")},
		{"man", filepath.Join(r.work, "man", "*")},
	} {
		files, err := filepath.Glob(within.pattern)
		if err != nil || len(files) == 0 {
			return nil, errors.Join(err, errors.New("nothing is "+within.pattern))
		}
		add(0o644, within.below, files...)
	}
	add(0o755, "", program)
	return found, nil
}

// writeArchive writes a tar.gz, or for Windows a zip.
func (r *release) writeArchive(program, system, processor string) error {
	name := "wampool_" + r.built.version + "_" + system + "_" + processor
	entries, err := r.entries(name, program)
	if err != nil {
		return err
	}
	write, ending := r.writeTar, ".tar.gz"
	if system == "windows" {
		write, ending = r.writeZip, ".zip"
	}
	file, err := os.Create(filepath.Join(r.out, name+ending))
	if err != nil {
		return err
	}
	return errors.Join(write(file, entries), file.Close())
}

func (r *release) writeTar(file *os.File, entries []entry) error {
	zipped, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(zipped)
	for _, e := range entries {
		content, err := os.ReadFile(e.file)
		if err != nil {
			return err
		}
		header := tar.Header{Name: e.name, Mode: int64(e.mode), Size: int64(len(content)), ModTime: r.built.time, Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(&header); err != nil {
			return err
		}
		if _, err := archive.Write(content); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), zipped.Close())
}

func (r *release) writeZip(file *os.File, entries []entry) error {
	archive := zip.NewWriter(file)
	for _, e := range entries {
		content, err := os.ReadFile(e.file)
		if err != nil {
			return err
		}
		header := zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: r.built.time}
		header.SetMode(e.mode)
		w, err := archive.CreateHeader(&header)
		if err != nil {
			return err
		}
		if _, err := w.Write(content); err != nil {
			return err
		}
	}
	return archive.Close()
}
