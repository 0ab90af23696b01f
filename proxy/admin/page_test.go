package admin_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/wampool/wampool/proxy/admin"
)

// The page is whole, comes from here alone, and may load nothing else.
func TestPageIsWhole(t *testing.T) {
	s := serve(t, admin.Options{Sidecar: &fake{}})
	get := func(path, tag string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Address()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("If-None-Match", tag)
		answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer, string(body)
	}
	of := regexp.MustCompile(`(?:href|src|from) ?= ?"([^"#:]+)"|from "([^"]+)"`)
	seen, next := map[string]bool{}, []string{"/"}
	for len(next) > 0 {
		path := next[0]
		next = next[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		answer, body := get(path, "")
		if answer.StatusCode != 200 || body == "" || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s", path, answer.Status)
		}
		if policy := answer.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s may load %q", path, policy)
		}
		if again, body := get(path, answer.Header.Get("ETag")); again.StatusCode != 304 || body != "" {
			t.Errorf("%s again: %s", path, again.Status)
		}
		if strings.Contains(strings.ReplaceAll(body, "http://www.w3.org/2000/svg", ""), "://") {
			t.Errorf("%s names an address of elsewhere", path)
		}
		for _, found := range of.FindAllStringSubmatch(body, -1) {
			name := strings.TrimPrefix(found[1]+found[2], "./")
			if !strings.HasPrefix(name, "/") {
				next = append(next, "/"+name)
			}
		}
	}
	if len(seen) != 13 {
		t.Errorf("the page is of %d files: %v", len(seen), seen)
	}
}
