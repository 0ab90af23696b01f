package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

const around = "router { url = \"ws://127.0.0.1:8080/ws\" }\nlisten \"ws://127.0.0.1:9000/ws\" {}\n"

// Each common mistake is told in one clear sentence, and by itself.
func TestCommonMistakes(t *testing.T) {
	utf16LE := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(around)) {
		utf16LE = append(utf16LE, byte(unit), byte(unit>>8))
	}
	for name, tt := range map[string]struct{ src, want string }{
		"UTF-16":              {string(utf16LE), "the configuration is UTF-16 | save it as UTF-8"},
		"UTF-16 without BOM":  {string(utf16LE[2:]), "the configuration is UTF-16 | save it as UTF-8"},
		"JSON":                {`{"router": {"url": "ws://127.0.0.1:8080/ws"}}`, `the configuration is JSON, or begins with {, and is named as HCL | name it *.hcl.json`},
		"CR alone":            {strings.ReplaceAll(around, "\n", "\r"), "the configuration's lines end with CR alone | save it with line ends of Unix (LF) or Windows (CR LF)"},
		"too long":            {around + strings.Repeat("#", maxFileBytes), "the configuration is longer than 256KiB | "},
		"missing scheme":      {`router { url = "127.0.0.1:8080/ws" }` + "\n" + `listen "ws://127.0.0.1:9000/ws" {}`, `the router's URL must begin with its scheme and // | example: "ws://127.0.0.1:8080/ws"`},
		"host alone":          {`router { url = "localhost" }` + "\n" + `listen "ws://127.0.0.1:9000/ws" {}`, `the router's URL must begin with its scheme and // | example: "ws://127.0.0.1:8080/ws"`},
		"empty host":          {`router { url = "ws://:8080/ws" }` + "\n" + `listen "ws://127.0.0.1:9000/ws" {}`, `the router's URL needs a host | 127.0.0.1 is this machine only, 0.0.0.0 all its addresses`},
		"bare IPv6":           {`router { url = "ws://127.0.0.1:8080/ws" }` + "\n" + `listen "ws://::1:9000" {}`, `the listen URL has an IPv6 address without brackets | example: "ws://[::1]:9000"`},
		"bare IPv6, path":     {`router { url = "ws://fe80::1:8080/ws" }` + "\n" + `listen "ws://127.0.0.1:9000" {}`, `the router's URL has an IPv6 address without brackets | example: "ws://[::1]:9000"`},
		"days":                {around + `drain_timeout = "1d"`, "drain_timeout: a day is no unit of time here | the longest is the hour: 24h"},
		"days spelled out":    {around + `drain_timeout = "2 days"`, "drain_timeout: a day is no unit of time here | the longest is the hour: 24h"},
		"variable":            {around + `drain_timeout = var.timeout`, `there are no variables and references here | env("NAME") reads a variable of the environment, file("path") a file`},
		"bare word":           {around + `drain_timeout = soon`, `a bare word is not a value | put it in quotes: "soon"`},
		"admin at listener":   {around + `admin { address = "127.0.0.1:9000" }`, "the admin address is that of a listener | choose another port"},
		"admin everywhere":    {around + `admin { address = "0.0.0.0:9000" }`, "the admin address is that of a listener | choose another port"},
		"admin at a socket":   {around + `listen "unix:///run/w.sock" {}` + "\n" + `admin { address = "unix:///run/w.sock" }`, "the admin address is that of a listener | choose another port"},
		"admin socket's host": {around + `admin { address = "unix://run/w.sock" }`, `the admin address must have an absolute path, behind three slashes | example: "unix:///run/wampool/wampool.sock"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(tt.src), "wampool.hcl")
			ds, ok := err.(Diagnostics)
			if !ok || len(ds) != 1 {
				t.Fatalf("not one mistake: %v", err)
			}
			if got := ds[0].Summary + " | " + ds[0].Hint; got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// CR LF is a line end like any other.
func TestWindowsLineEnds(t *testing.T) {
	if _, err := Parse([]byte(strings.ReplaceAll(around+"realm \"realm1\" {}\n", "\n", "\r\n")), "wampool.hcl"); err != nil {
		t.Error(err)
	}
}

// What a cert_file lacks is told together with what else is wrong with it.
func TestCertificateWithoutItsKey(t *testing.T) {
	_, err := Parse([]byte("router { url = \"ws://127.0.0.1:8080/ws\" }\nlisten \"wss://127.0.0.1:9000/ws\" {\n  tls { cert_file = \"nowhere.crt\" }\n}\n"), "wampool.hcl")
	text := ""
	if err != nil {
		text = err.Error()
	}
	for _, want := range []string{"cannot read the cert_file", "a cert_file needs its key_file", "2 mistakes"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestWarnings(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"open": 0o644, "closed": 0o600} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("a-ticket"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("TICKET", "a-ticket")
	realm := func(body string) string { return around + "realm \"realm1\" {\n" + body + "\n}\n" }
	login := func(secret string) string {
		return realm("auth {\nmethod = \"ticket\"\nauthid = \"wampool\"\nsecret = " + secret + "\n}")
	}
	for name, tt := range map[string]struct{ src, want string }{
		"nothing":             {realm(""), ""},
		"no realm":            {around, "there is no realm block: everything passes to the router, and nothing is pooled"},
		"secret in the file":  {login(`"a-ticket"`), "this secret is spelled out"},
		"secret of a file":    {login(`file("closed")`), ""},
		"secret of variables": {login(`env("TICKET")`), ""},
		"secret of an open file": {
			login(`file("open")`), "this file of a secret can be read by everybody (mode 0644)",
		},
		"linger with others": {
			realm(`pool "com.example.p" {` + "\nupstream = \"roundrobin\"\nlinger = \"1s\"\n}"),
			`with upstream = "roundrobin" and linger, the router goes on to deal calls to this sidecar while it has no callee`,
		},
		"linger in a cluster": {
			realm(`pool "com.example.p" {`+"\nupstream = \"roundrobin\"\nlinger = \"1s\"\nqueue {}\n}") + "cluster {}", "",
		},
		"linger in a cluster, without a queue": {
			realm(`pool "com.example.p" {`+"\nupstream = \"roundrobin\"\nlinger = \"1s\"\n}") + "cluster {}",
			`with upstream = "roundrobin" and linger, the router goes on to deal calls to this sidecar while it has no callee`,
		},
		"overflow alone": {
			realm(`pool "com.example.p" {`+"\noverflow = true\n}") + "cluster {}",
			"overflow changes nothing while upstream is single: no other sidecar has this procedure",
		},
		"overflow without a cluster": {
			realm(`pool "com.example.p" {` + "\nupstream = \"random\"\noverflow = true\nqueue {}\n}"),
			"overflow changes nothing without a cluster",
		},
		"overflow of what does not wait": {
			realm(`pool "com.example.p" {`+"\nupstream = \"random\"\noverflow = true\n}") + "cluster {}",
			"without a queue nothing waits here, so no call goes to a peer: this pool only takes theirs",
		},
		"no overflow": {realm(`pool "com.example.p" {` + "\noverflow = false\n}"), ""},
		"control from afar": {
			realm("") + "admin {\naddress = \"0.0.0.0:9090\"\ncontrol = true\n}",
			"whoever reaches the admin address can steer this sidecar: there is no login",
		},
		"control of this machine": {realm("") + "admin {\naddress = \"[::1]:9090\"\ncontrol = true\n}", ""},
		"control of a socket": {
			realm("") + "admin {\naddress = \"unix:///run/wampool/admin.sock\"\ncontrol = true\n}",
			"control changes nothing on a Unix socket: who may write to its file may steer",
		},
		"linger alone": {realm(`pool "com.example.p" {` + "\nlinger = \"1s\"\n}"), ""},
		"wildcards that meet": {
			realm("pool \"com..status\" {\nmatch = \"wildcard\"\n}\npool \"com.example.\" {\nmatch = \"wildcard\"\n}"),
			`this block and the one in line 4 both match "com.example.status"`,
		},
		"pages without a host": {
			realm("") + "listen \"ws://127.0.0.1:9010\" {\nallowed_origins = [\"null\", \"file://\"]\n}",
			"null stands for any page that is shown in a sandboxed frame, whoever wrote it: every page can connect so",
		},
		"wildcards that don't": {
			realm("pool \"com..status\" {\nmatch = \"wildcard\"\n}\npool \"org..status\" {\nmatch = \"wildcard\"\n}"),
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Parse([]byte(tt.src), filepath.Join(dir, "wampool.hcl"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range c.Warnings {
				if !w.Warning || strings.Contains(w.String(), "a-ticket") {
					t.Errorf("not a warning, or a secret in it: %s", w)
				}
				got = append(got, w.Summary)
			}
			if strings.Join(got, "\n") != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}
