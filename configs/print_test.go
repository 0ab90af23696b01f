package configs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// everything is a configuration in which each setting is said, most not as by
// default.
const everything = `
router {
  url          = "wss://router.example/ws?token=hunter2"
  timeout_unit = "s"
  tls {
    ca_file     = "wampool.crt"
    server_name = "router"
  }
}
listen "wss://0.0.0.0:9443/ws" {
  allowed_origins = ["*.example.com", "null"]
  tls {
    cert_file = "wampool.crt"
    key_file  = "wampool.key"
  }
}
listen "unix:///run/wampool/a$${b}.sock" {}
limits {
  connections = 12
  memory      = "3GB"
}
realm "a" {
  auto = false
  auth {
    method = "ticket"
    authid = "Jürgen \"w\" \\ %%{x} $${y}"
    secret = "hunter2"
  }
  pool "com.example." {
    match      = "prefix"
    retry_lost = true
    retries    = 3
    linger     = "90s"
    upstream   = "roundrobin"
    overflow   = false
    admit      = ["a", "b"]
    direct     = ["c"]
    queue {
      bytes = "1500KB"
    }
  }
  pool "com..x" { match = "wildcard" }
  pool "com.example" { match = "prefix" }
  pool "com.example" {}
}
realm "b" {
  auth {
    method = "cryptosign"
    secret = "7777777777777777777777777777777777777777777777777777777777777777"
  }
}
realm "c" {
  auth {
    method = "wampcra"
    authid = "c"
    secret = env("PRINTED_SECRET")
  }
}
realm "d" {
  auth {
    method = "scram"
    authid = "d"
    secret = file("tick\"et")
  }
}
realm "e" {
  auth {
    method = "ticket"
    authid = "e"
    secret = "${file("${env("PRINTED_DIR")}/tick\"et")}"
  }
}
realm "f" {
  auth {
    method = "ticket"
    authid = "f"
    secret = "hunter2${env("PRINTED_SECRET")}"
  }
}
cluster {
  name      = "compute"
  join      = ["wampool-peers.default.svc:7946", "[::1]:7946"]
  gossip    = "0.0.0.0:7956"
  listen    = "rss://0.0.0.0:7957"
  advertise = "10.0.0.7"
  secret    = "hunter2 and some more"
  max_rtt   = "2ms"
  tls {
    ca_file   = "wampool.crt"
    cert_file = "wampool.crt"
    key_file  = "wampool.key"
  }
}
admin {}
trace {
  context = "kwargs.traceparent"
}
`

// byKind compares secrets by whether there is one, and by where it is from.
var byKind = cmp.Comparer(func(a, b Secret) bool { return a.IsSet() == b.IsSet() && a.from == b.from })

// noQuery leaves the query of the router's URL out: it may be secret.
var noQuery = cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Router.URL" },
	cmp.Comparer(func(a, b string) bool { return withoutQuery(a) == withoutQuery(b) }))

// printing gives sources of configurations to print, by the names of their files.
func printing(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	writeCertificate(t, dir, "wampool")
	writeCertificate(t, dir, "ca")
	if err := os.WriteFile(filepath.Join(dir, `tick"et`), []byte("a-ticket"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WAMPOOL_CLUSTER_SECRET", "a-secret of all peers")
	t.Setenv("PRINTED_SECRET", "a-secret")
	t.Setenv("PRINTED_DIR", dir)
	t.Setenv("WAMPOOL_TICKET", "a-ticket")
	sources := map[string]string{filepath.Join(dir, "everything.hcl"): everything, filepath.Join(dir, "readme.hcl"): everySetting(t)}
	files, err := filepath.Glob("examples/*.hcl")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources[filepath.Join(dir, filepath.Base(file))] = string(src)
	}
	return sources
}

// What is printed is the same configuration, wherever it is read, and in its
// canonical form.
func TestPrintedLoadsAsTheSame(t *testing.T) {
	for name, src := range printing(t) {
		want, err := Parse([]byte(src), name)
		if err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string][]byte{"printed.hcl": want.HCL(), "printed.hcl.json": want.JSON()} {
			got, err := Parse(text, filepath.Join(t.TempDir(), file))
			if err != nil {
				t.Errorf("%s, %s: %v\n%s", filepath.Base(name), file, err, text)
				continue
			}
			if diff := cmp.Diff(want, got, byKind, noQuery, noWarnings, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s, %s: -want +got\n%s\n%s", filepath.Base(name), file, diff, text)
			}
			for i, realm := range got.Realms {
				if realm.Auth.Secret.from == "" {
					continue
				}
				if secret, err := realm.Auth.Secret.Read(); err != nil || !strings.HasPrefix(secret, "a-") {
					t.Errorf("%s, %s: the secret of realm %d is %q (%v)", filepath.Base(name), file, i, secret, err)
				}
			}
			if strings.Contains(string(text), "hunter2") || strings.Contains(string(text), "77777") || strings.Contains(string(text), "a-secret") {
				t.Errorf("%s, %s: a secret is shown\n%s", filepath.Base(name), file, text)
			}
		}
		if formatted, err := Format(want.HCL(), name); err != nil || string(formatted) != string(want.HCL()) {
			t.Errorf("%s: not in canonical form: %v\n%s", filepath.Base(name), err, cmp.Diff(string(formatted), string(want.HCL())))
		}
	}
}

// A setting that is new is to be printed, too.
func TestEverySettingIsPrinted(t *testing.T) {
	var printed []string
	for name, src := range printing(t) {
		config, err := Parse([]byte(src), name)
		if err != nil {
			t.Fatal(err)
		}
		printed = append(printed, regexp.MustCompile(`\w+`).FindAllString(string(config.HCL()), -1)...)
	}
	for _, shape := range shapes {
		for _, name := range shape.names() {
			if !slices.Contains(printed, name) {
				t.Errorf("print.go prints no %s %s", name, shape.place())
			}
		}
	}
}

// As people see it.
func TestPrinted(t *testing.T) {
	config, err := Parse([]byte(head+"realm \"realm1\" {\n pool \"com.example.a\" {\n  queue {}\n }\n}\n"), "wampool.hcl")
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []struct {
		file string
		text []byte
	}{{"testdata/printed/printed.hcl", config.HCL()}, {"testdata/printed/printed.hcl.json", config.JSON()}} {
		if *update {
			if err := os.WriteFile(printed.file, printed.text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(printed.file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(printed.text)); diff != "" {
			t.Errorf("other text than %s (rewrite with -update):\n%s", printed.file, diff)
		}
	}
}
