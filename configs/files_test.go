package configs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writeFiles writes files into a folder of their own and returns it.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A folder's files are read by their names, and each finds its own files beside it.
func TestFilesAreOneConfiguration(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"wampool.hcl":                    routerBlock + "drain_timeout = \"1s\"\n",
		"conf.d/10-listen.hcl":           listenBlock,
		"conf.d/20-a.hcl":                "realm \"a\" {\n auth {\n  method = \"ticket\"\n  authid = \"w\"\n  secret = file(\"ticket\")\n }\n}\n",
		"conf.d/3-b.hcl.json":            `{"realm": {"b": {"pool": {"com.example.b": {"concurrency": 4}}}}}`,
		"conf.d/ticket":                  "a-ticket",
		"conf.d/README":                  "not a configuration",
		"conf.d/.hidden.hcl":             "not a configuration",
		"conf.d/old.hcl.bak":             "not a configuration",
		"conf.d/other.json":              "not a configuration",
		"conf.d/folder.hcl/mistaken.hcl": "not a configuration",
	})
	got, err := Load(filepath.Join(dir, "wampool.hcl"), filepath.Join(dir, "conf.d"))
	if err != nil {
		t.Fatal(err)
	}
	want := configWith(func(c *Config) {
		c.DrainTimeout = 1e9
		c.Realms = []Realm{
			{Name: "a", Auth: Auth{Method: "ticket", AuthID: "w", Secret: NewSecret("a-ticket")}, Auto: true},
			defaultRealm("b"),
		}
		c.Realms[1].Pools = []Pool{defaultPool("com.example.b")}
		c.Realms[1].Pools[0].Concurrency = 4
	})
	if diff := cmp.Diff(want, got, bySecret, noWarnings); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// What may stand once is told with both its places.
func TestMistakesOfSeveralFiles(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"a.hcl":      routerBlock + listenBlock + "drain_timeout = \"1s\"\nrealm \"realm1\" {\n pool \"com.example.a\" {}\n}\nlog {}\n",
		"b.hcl":      routerBlock + listenBlock + "drain_timeout = \"2s\"\nrealm \"realm1\" {}\n",
		"c.hcl.json": `{"log": {"level": "loud"}, "lisen": {}}`,
	})
	_, err := Load(dir)
	if err == nil {
		t.Fatal("accepted")
	}
	const want = `b.hcl:1,1: a second block "router"; the first is in line 1 of a.hcl
  1 | router { url = "ws://127.0.0.1:8080/ws" }
    | ^^^^^^
      one is enough

b.hcl:2,8: a second listen block with this address; the first is in line 2 of a.hcl
  2 | listen "ws://127.0.0.1:9000/ws" {}
    |        ^^^^^^^^^^^^^^^^^^^^^^^^
      choose another port

b.hcl:3,1: a second "drain_timeout"; the first is in line 3 of a.hcl
  3 | drain_timeout = "2s"
    | ^^^^^^^^^^^^^
      leave one out

b.hcl:4,7: a second realm "realm1"; the first is in line 4 of a.hcl
  4 | realm "realm1" {}
    |       ^^^^^^^^
      bring the two together in one block

c.hcl.json:1,2: a second block "log"; the first is in line 7 of a.hcl
  1 | {"log": {"level": "loud"}, "lisen": {}}
    |  ^^^^^
      one is enough

c.hcl.json:1,28: unknown attribute "lisen" at the top of the file
  1 | {"log": {"level": "loud"}, "lisen": {}}
    |                            ^^^^^^^
      did you mean "listen"?

6 mistakes`
	if diff := cmp.Diff(want, strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestFilesThatAreNotThere(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"a.hcl":       routerBlock,
		"empty/a.txt": "",
		"b/utf16.hcl": "\xff\xfe",
		"b/json.hcl":  "{}",
	})
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, tt := range map[string]struct {
		paths []string
		want  string
	}{
		"none":      {nil, "configuration: no file is named"},
		"absent":    {[]string{in("a.hcl"), in("absent.hcl")}, "absent.hcl: cannot read the configuration: no such file or directory"},
		"empty":     {[]string{in("empty")}, "empty: cannot read the configuration: no *.hcl and no *.hcl.json is in this folder"},
		"twice":     {[]string{in("a.hcl"), dir}, "a.hcl: this file is named twice; the first time as a.hcl"},
		"no HCL":    {[]string{in("b")}, "json.hcl: the configuration is JSON, or begins with {, and is named as HCL utf16.hcl: the configuration is UTF-16"},
		"no listen": {[]string{in("a.hcl")}, "a.hcl: a listen block is missing"},
		"no blocks": {[]string{in("c1.hcl"), in("c2.hcl")}, "c1.hcl, c2.hcl: a listen block is missing c1.hcl, c2.hcl: a router block is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "no blocks" {
				for _, path := range tt.paths {
					if err := os.WriteFile(path, []byte("# nothing\n"), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			_, err := Load(tt.paths...)
			ds := (Diagnostics)(nil)
			if !errors.As(err, &ds) {
				t.Fatalf("%T: %v", err, err)
			}
			var got []string
			for _, d := range ds {
				got = append(got, d.Filename+": "+d.Summary)
			}
			text := strings.NewReplacer(dir+string(filepath.Separator)+"b"+string(filepath.Separator), "", dir+string(filepath.Separator), "").Replace(strings.Join(got, " "))
			if text != tt.want {
				t.Errorf("got  %s\nwant %s", text, tt.want)
			}
		})
	}
}

// A secret of a file in JSON shows no more than one in HCL, wherever it stands.
func TestSecretsInJSONNeverShow(t *testing.T) {
	for _, src := range []string{
		`{"realm": {"r": {"auth": {"authid": "a", "secret": "hunter2"}, "auto": 1}}}`,
		`{"realm": {"r": {"auth": {"authid": "a", "secret": "hun\"hunter2", "x": 1}}}}`,
		`{"realm": {"r": {"auth": {"secret": ["hunter2", {"a": "]hunter2"}], "x": 1}}}}`,
		`{"realm": {"r": {"auth": {"x": 1, secret: "hunter2"}}}}`,
		`{"realm": {"r": {"auth": {"x": 1, 'secret': 'hun}ter2 hunter2'}}}}`,
		`{"realm": {"r": {"auth": {"x": 1, "secret": "hunter2}}}}`,
		`{"realm": {"r": {"auth": {"x": 1, "secret": hunter2}}}}`,
		`{"realm": {"r": {"auth": {"x": 1, "secret": "${hunter2}"}}}}`,
		`{"realm": {"r": {"auth": {"x": 1, "secret": "${env(\"A\")}hunter2"}}}}`,
		`{"router": {"url": "ws://u:hunter2@h/ws?hunter2"}}`,
		`{"secret": "hunter2"`,
	} {
		_, err := Parse([]byte(src), "wampool.hcl.json")
		if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "ter2") {
			t.Errorf("%s\n%v", src, err)
		}
	}
	_, err := Parse([]byte(`{"realm": {"r": {"auth": {"secret": "${env(\"NO_SUCH_VARIABLE\")}"}}}}`), "wampool.hcl.json")
	if err == nil || !strings.Contains(err.Error(), `| {"realm": {"r": {"auth": {"secret": "${env(\"NO_SUCH_VARIABLE\")}"}}}}`) {
		t.Errorf("the name of a variable does not show:\n%v", err)
	}
}
