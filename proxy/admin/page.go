package admin

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"time"
)

// The page at / is for people: files as they are, without a step that builds them
// and without anything of elsewhere. It shows what the API tells.
//
//go:embed page
var pageFiles embed.FS

// pagePolicy lets the page load its own files, ask its own listener, and be framed
// by nobody.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

var pageTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// page adds the page's files to what is answered.
func page(mux *http.ServeMux) {
	files, err := pageFiles.ReadDir("page")
	if err != nil {
		panic("admin: the page must be in the program: " + err.Error())
	}
	for _, file := range files {
		content, err := fs.ReadFile(pageFiles, "page/"+file.Name())
		if err != nil {
			panic("admin: the page must be in the program: " + err.Error())
		}
		at := "GET /" + file.Name()
		if file.Name() == "index.html" {
			at = "GET /{$}"
		}
		mux.Handle(at, pageFile(file.Name(), content))
	}
}

// pageFile serves a file, once to each browser while the program is the same.
func pageFile(name string, content []byte) http.Handler {
	sum := sha256.Sum256(content)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", pageTypes[path.Ext(name)])
		h.Set("Cache-Control", "no-cache") // asked for anew, and not sent again
		h.Set("ETag", tag)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", pagePolicy)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}
