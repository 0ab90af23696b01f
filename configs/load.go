package configs

import (
	"io"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Load reads the configuration that the files at paths hold together. Of a
// folder, all its *.hcl and *.hcl.json count, in the order of their names. What
// several files say is one configuration: what may stand once may stand in one of
// them. The error is always of type [Diagnostics]; a file that cannot be read is
// the only mistake in it.
func Load(paths ...string) (*Config, error) {
	files, err := expand(paths)
	if err != nil {
		return nil, err
	}
	sources := make([]source, len(files))
	for i, path := range files {
		src, err := readSource(path)
		if err != nil {
			return nil, unreadable(path, err)
		}
		sources[i] = source{path, src}
	}
	return parse(strings.Join(paths, ", "), sources...)
}

// Read reads a configuration from a stream that name names in mistakes, as
// [Load] does from a file. Relative paths start at the working directory.
func Read(from io.Reader, name string) (*Config, error) {
	src, err := readAll(from)
	if err != nil {
		return nil, unreadable(name, err)
	}
	return Parse(src, name)
}

// Parse reads a configuration from src. filename names it in mistakes, and
// its folder is where relative paths in file() start. Named *.json, it is read as
// JSON; named otherwise than *.hcl, also if it begins with a brace. The error is of
// type [Diagnostics].
func Parse(src []byte, filename string) (*Config, error) {
	return parse(filename, source{filename, src})
}

// parse reads the sources as one. name names them together.
func parse(name string, sources ...source) (*Config, error) {
	var refused Diagnostics
	for _, src := range sources {
		if f := src.refuse(); f != nil {
			refused = append(refused, Diagnostic{Filename: src.name, Summary: f.summary, Hint: f.hint})
		}
	}
	if len(refused) > 0 {
		return nil, refused
	}
	r := &reader{labels: make(labels), brokenLines: make(map[line]bool)}
	whole := &hclsyntax.Body{Attributes: make(hclsyntax.Attributes)}
	for _, src := range sources {
		body, diags := src.parse(r.labels)
		r.syntax(diags)
		r.join(whole, body)
	}
	top := hcl.Range{Filename: name}
	if len(sources) == 1 {
		top.Start, top.End = hcl.InitialPos, hcl.InitialPos
	}
	c := withDefaults()
	r.open(fileShape, whole, top).file(c)
	if len(r.mistakes) > 0 {
		return nil, diagnose(sources, r.mistakes)
	}
	for _, d := range diagnose(sources, r.warnings) {
		d.Warning = true
		c.Warnings = append(c.Warnings, d)
	}
	return c, nil
}

// Default returns the configuration of a proxy with one realm, anonymous and
// with auto, and all else by default. Its error, of type [Diagnostics], names
// the flags --router, --listen and --realm.
func Default(routerURL, listenURL, realm string) (*Config, error) {
	c := withDefaults()
	c.Router.URL = routerURL
	c.Listen = []Listen{{URL: listenURL}}
	c.Realms = []Realm{defaultRealm(realm)}

	var ds Diagnostics
	refuse := func(flag string, f *fault) {
		if f != nil {
			ds = append(ds, Diagnostic{Filename: flag, Summary: f.summary, Hint: f.hint})
		}
	}
	router, listen := checkRouterURL(routerURL), checkListenURL(listenURL)
	if router == nil && listen == nil && dialsItself(routerURL, listenURL) {
		listen = &itself
	}
	if listen == nil && secureURL(listenURL) {
		listen = &fault{summary: "a listener with TLS needs a certificate", hint: "name it in a configuration file"}
	}
	refuse("--router", router)
	refuse("--listen", listen)
	refuse("--realm", checkRealmName(realm))
	if len(ds) > 0 {
		return nil, ds
	}
	return c, nil
}
