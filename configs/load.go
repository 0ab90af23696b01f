package configs

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Load reads the configuration file at path. Its error is always of type
// [Diagnostics], a file that cannot be read being the only mistake in it.
func Load(path string) (*Config, error) {
	src, err := readSource(path)
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if err != nil {
		return nil, Diagnostics{{Filename: path, Summary: "cannot read the configuration: " + err.Error()}}
	}
	return Parse(src, path)
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

// Read reads a configuration from a stream that name names in mistakes, as
// [Load] does from a file. Relative paths start at the working directory.
func Read(from io.Reader, name string) (*Config, error) {
	src, err := readAll(from)
	if err != nil {
		return nil, Diagnostics{{Filename: name, Summary: "cannot read the configuration: " + err.Error()}}
	}
	return Parse(src, name)
}

// Parse reads a configuration from src. filename names it in mistakes, and
// its folder is where relative paths in file() start. The error is of type
// [Diagnostics].
func Parse(src []byte, filename string) (*Config, error) {
	if f := refuseSource(src); f != nil {
		return nil, Diagnostics{{Filename: filename, Summary: f.summary, Hint: f.hint}}
	}
	plain, computed := computedLabels(src, filename)
	file, diags := hclsyntax.ParseConfig(plain, filename, hcl.InitialPos)
	r := &reader{dir: filepath.Dir(filename), labels: computed}
	r.syntax(diags)
	c := withDefaults()
	if body, ok := file.Body.(*hclsyntax.Body); ok {
		top := hcl.Range{Filename: filename, Start: hcl.InitialPos, End: hcl.InitialPos}
		r.open(fileShape, body, top).file(c)
	}
	if len(r.mistakes) > 0 {
		return nil, diagnose(filename, src, r.mistakes)
	}
	for _, d := range diagnose(filename, src, r.warnings) {
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

const (
	maxNesting   = 64
	maxOperators = 1000
)

// refuseSource bounds what the parser gets. It descends by recursion, one
// level for each bracket and prefix operator, and Go cannot recover from a
// stack that is exhausted.
func refuseSource(src []byte) *fault {
	if len(src) > maxFileBytes {
		return &fault{summary: fmt.Sprintf("the configuration is longer than %s", formatSize(maxFileBytes))}
	}
	if f := refuseForm(src); f != nil {
		return f
	}
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	depth, operators := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen,
			hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc,
			hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen,
			hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			depth = max(0, depth-1)
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenQuestion:
			operators++
		}
		if depth > maxNesting || operators > maxOperators {
			return &fault{summary: "the configuration is nested too deeply", hint: "is a closing bracket or quote missing?"}
		}
	}
	return nil
}

// refuseForm finds a file that is something else than text with lines in HCL.
func refuseForm(src []byte) *fault {
	text := bytes.TrimSpace(bytes.TrimPrefix(src, []byte("\ufeff")))
	switch {
	case bytes.HasPrefix(src, []byte("\xff\xfe")), bytes.HasPrefix(src, []byte("\xfe\xff")),
		len(src) > 1 && (src[0] == 0) != (src[1] == 0): // a letter and a zero, or the other way round
		return &fault{summary: "the configuration is UTF-16", hint: "save it as UTF-8"}
	case bytes.HasPrefix(text, []byte("{")):
		return &fault{summary: "the configuration is JSON, or begins with {: it must be HCL", hint: `example: router { url = "ws://127.0.0.1:8080/ws" }`}
	case bytes.ContainsRune(text, '\r') && !bytes.ContainsRune(text, '\n'):
		return &fault{summary: "the configuration's lines end with CR alone", hint: "save it with line ends of Unix (LF) or Windows (CR LF)"}
	}
	return nil
}

// Two errors of the parser that differ from all others in what they mean for
// the rest of the file.
const (
	attributeTwice = "Attribute redefined"       // it stands as it was written
	quoteUnclosed  = "Invalid multi-line string" // strings and the rest have changed places
)

// syntax records what the parser found. After a quote that is not closed it
// goes on to report what follows from that, which would only be in the way.
func (r *reader) syntax(diags hcl.Diagnostics) {
	diags = slices.DeleteFunc(slices.Clone(diags), func(d *hcl.Diagnostic) bool {
		return d.Severity != hcl.DiagError || d.Subject == nil
	})
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int {
		return cmp.Compare(a.Subject.Start.Byte, b.Subject.Start.Byte)
	})
	lines := make(map[int]bool)
	for _, d := range diags {
		if d.Summary == quoteUnclosed {
			r.broken = true
			r.refuse(*d.Subject, fault{summary: "this string is not closed", hint: `a string ends with " on the line where it begins`})
			lines[d.Subject.Start.Line] = true
			break
		}
		if d.Summary != attributeTwice {
			r.broken = true
			lines[d.Subject.Start.Line] = true
		}
		r.refuse(*d.Subject, fault{summary: d.Summary, hint: d.Detail})
	}
	r.brokenLines = lines
}
